// Releases that do not run: the old generation serves on, and who asked is told why. 6.2.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy, type Broken } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { startLoad, type Load } from '../lab/load.js';
import { lossless, watchWorkers } from './rolls.js';
import { dealt, LONG, remains, statusOf, whole } from './whole.js';

const PROCESSES = 4;
/** Of ms: longer than a release that dies takes to do so. */
const SETTLE = 1000;
const SETTLE_SHORT = LONG ? SETTLE : 400;
const READY_TIMEOUT = LONG ? 10 : 3;
const IMPORT = LONG ? 1 : 0.2;

/** What `wsgictl apply` must say: of the roll, and of the worker's own last lines. */
const REASONS: Readonly<Record<Broken, readonly RegExp[]>> = {
  'import': [/could not load the app \(exit status 3\)/, /RuntimeError: release \S+ is broken: it cannot be imported/],
  'warm-up': [/failed its warm-up \(exit status 5\)/, /RuntimeError: release \S+ is broken: it does not warm up/],
  'dies': [/worker 1 of generation \d+ could not load the app \(exit status 3\)/],
  'hangs': [/was not ready within its ready-timeout/],
};
const KINDS = Object.keys(REASONS) as Broken[];
const RELOAD = { settle: `${SETTLE}ms`, 'ready-timeout': `${READY_TIMEOUT}s` };

for (const release of RELEASES) {
  describe(`broken releases on ${release}`, { timeout: 1_800_000 }, () => {
    let lab: Lab;
    let good = 0;
    before(async () => {
      lab = await Lab.boot(release);
      await recover({ 'max-surge': '100%' });
    });
    after(async () => lab.stop());

    /** Serves a release that runs; with it, nothing is left of what was before. */
    async function recover(reload: Readonly<Record<string, string>>): Promise<number> {
      await configure(lab, { workers: { processes: PROCESSES }, reload: { ...RELOAD, ...reload } });
      await deploy(lab, ++good, { importDelay: IMPORT });
      await lab.sh('wsgictl apply shop');
      const { generation } = await whole(lab, PROCESSES, `good release ${good}`);
      return generation as number;
    }

    const clients = (): Load => startLoad(lab, { fast: 16, pauseMs: LONG ? 50 : 60, slow: [{ path: '/file?2', clients: 2 }] });

    /** The old generation whole, old code only, and a status that does not let the failure be forgotten. */
    async function unharmed(current: number): Promise<void> {
      const { code, healthy, generation, workers, notes } = await statusOf(lab);
      assert.deepEqual([code, healthy, generation], [1, false, current]);
      assert.deepEqual(workers.map((worker) => [worker.generation, worker.phase]), Array.from({ length: PROCESSES }, () => [current, 'ready']));
      assert.match(notes.join('\n'), /the last roll failed: worker \d of generation \d+ .*: wsgictl logs shop/);
    }

    /** Why the last roll failed, as `status` knows it; for an account that may not read the journal, too. */
    async function known(reason: string, place: RegExp): Promise<void> {
      const note = new RegExp(`the last roll failed: worker 1 of generation \\d+ could not load the app \\(exit status 3\\): ${reason} \\(${place.source}\\): wsgictl logs shop`);
      const { code, notes, failure } = await statusOf(lab);
      assert.equal(code, 1);
      assert.match(notes.join('\n'), note);
      assert.equal(failure?.reason, reason);
      assert.match(failure?.place ?? '', place);
    }

    for (const kind of dealt(KINDS, release)) {
      it(`6.2: ${kind}: rolled back, with the reason`, async (t) => {
        const { generation: current } = await statusOf(lab);
        assert.ok(current !== null);
        const load = clients();
        await load.started();
        const watch = watchWorkers(lab, current, SETTLE);
        await deploy(lab, `broken-${kind}`, { broken: kind, importDelay: IMPORT });

        const began = Date.now();
        const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply', 'shop']);
        const ms = Date.now() - began;
        assert.equal(code, 4, stdout + stderr);
        for (const reason of REASONS[kind]) assert.match(stdout + stderr, reason);
        await unharmed(current);
        if (LONG || kind === 'dies') {
          const reloaded = await lab.run(['systemctl', 'reload', 'wsgi-app.target']);
          assert.equal(reloaded.code, 1, reloaded.stderr);
          await unharmed(current);
        }

        const { samples, fewest, then } = await watch.stop();
        if (kind === 'import') await known('RuntimeError: release broken-import is broken: it cannot be imported', /\/srv\/shop\/releases\/broken-import\/app\.py:\d+/);
        assert.ok(samples > 3, `${samples} samples`);
        assert.ok(fewest >= PROCESSES, `${fewest} workers served:\n${then}`);
        const report = await lossless(load);
        assert.deepEqual(report.releases.map(({ name }) => name), [String(good)], 'who answered');
        t.diagnostic(
          `${release}, ${kind}: apply ended with ${code} after ${(ms / 1000).toFixed(1)} s, ` +
          `${fewest} workers at the least, ${report.requests} requests, ${report.failed} failed, longest gap ${report.longestGap} ms`,
        );
      });
    }

    it('a failed roll stays known, with its reason, when the app was stopped and the journal is gone', { skip: !LONG && release !== RELEASES[0] && 'npm run test:long runs it' }, async () => {
      const current = await recover({ settle: `${SETTLE_SHORT}ms`, 'max-surge': '100%' });
      // What an app says is for people to read: more than 4 KB of it, and what drives a terminal.
      await lab.sh(`cp -r /srv/shop/releases/${good} /srv/shop/releases/long; ln -sfn /srv/shop/releases/long /srv/shop/current
        echo 'raise ValueError("the reason: \\x1b[31m" + "x" * 10000)' >/srv/shop/releases/long/app.py`);
      const { code, stderr } = await lab.run(['wsgictl', 'apply', 'shop']);
      assert.equal(code, 4);
      assert.match(stderr, /^ +ValueError: the reason: <U\+001B>\[31mx{900}/m);
      await lab.sh('wsgictl stop shop; journalctl --rotate --vacuum-time=1us; wsgictl start shop');
      const { generation, failure, notes } = await statusOf(lab);
      assert.equal(generation, current);
      assert.match(failure?.reason ?? '', /^ValueError: the reason: <U\+001B>\[31mx{900,1000}…$/);
      assert.equal(failure?.place, '/srv/shop/releases/long/app.py:1');
      assert.match(notes.join('\n'), /the last roll failed: .*ValueError: the reason/);
      assert.match((await lab.run(['wsgictl', 'status', 'shop'])).stdout, /ValueError: the reason: <U\+001B>\[31mx/);
      await recover({});
      assert.equal((await statusOf(lab)).failure, null);
    });

    for (const [surge, unavailable] of dealt([['0', '1'], ['1', '0']] as const, release)) {
      it(`6.2: broken in worker 3 only, when others have left for it (max-surge ${surge}, max-unavailable ${unavailable})`, async (t) => {
        const current = await recover({ settle: `${SETTLE_SHORT}ms`, 'max-surge': surge, 'max-unavailable': unavailable });
        const load = clients();
        await load.started();
        const watch = watchWorkers(lab, current, SETTLE_SHORT);
        await deploy(lab, 'broken-3', { broken: 'import', brokenWorker: 3, importDelay: IMPORT });
        const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply', 'shop']);
        assert.equal(code, 4, stdout + stderr);
        assert.match(stdout, /worker 3 of generation \d+ could not load the app/);
        await unharmed(current);
        const { samples, fewest, then } = await watch.stop();
        const report = await lossless(load);
        t.diagnostic(`${release}: ${fewest} workers at the least (${samples} samples), ${report.requests} requests, ${report.failed} failed`);
        assert.ok(samples > 3, `${samples} samples`);
        assert.ok(fewest >= PROCESSES - Number(unavailable), `${fewest} workers served:\n${then}`);
      });
    }

    it('6.2: broken as the first release of an app: nothing of it stays but its INI file', async () => {
      const app = 'fresh';
      await configure(lab, { reload: RELOAD }, app);
      for (const kind of LONG ? KINDS : (['import'] as const)) {
        await deploy(lab, kind, { app, broken: kind, importDelay: IMPORT });
        const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply', app]);
        const said = `${kind}:\n${stdout}${stderr}`;
        assert.equal(code, 4, said);
        for (const reason of REASONS[kind]) assert.match(stdout + stderr, reason);
        assert.match(stderr, /nothing was committed/);
        assert.deepEqual(await remains(lab, app), [], said);
        assert.equal(await lab.exists(`/var/lib/wsgictl/${app}/current`), false, said);
        assert.equal((await lab.run(['systemctl', 'is-enabled', `wsgi-app@${app}`])).stdout, 'disabled\n', said);
        assert.equal((await lab.run(['curl', '-s', '--unix-socket', `/run/wsgi/${app}.sock`, 'http://localhost/fast'])).code, 7, said);
        assert.equal(await lab.exists(`/etc/wsgictl/apps.d/${app}.ini`), true, said);
        assert.equal((await statusOf(lab, app)).code, 1, said);
      }
      await deploy(lab, 'good', { app, importDelay: IMPORT });
      await lab.sh(`wsgictl apply ${app}`);
      await whole(lab, PROCESSES, 'a good release at last', app);
    });
  });
}
