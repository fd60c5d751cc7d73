// Deploys that meet each other, that fail, and releases that move or go: B3, B5, E1, E3.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { l16, startLoad, type Load } from '../lab/load.js';
import { LONG, OLDEST, statusOf, whole } from './whole.js';
import { everyWho } from './who.js';

const PROCESSES = LONG ? 4 : 2;
/** Seconds. */
const IMPORT = LONG ? 3 : 0.4;
const [SECOND_AFTER, BROKEN_AFTER] = LONG ? [1, 1] : [0.2, 0.3];
/** What reloads a second time, while the first roll goes on. */
const SECONDS = [
  ['the target', ['wsgi-app.target']],
  ['the app', ['wsgi-app@shop']],
  ['three in a row', ['wsgi-app@shop', 'wsgi-app.target', 'wsgi-app@shop']],
] as const;
const SETTINGS = { workers: { processes: PROCESSES }, reload: { settle: LONG ? '1s' : '100ms' } };
const RELOAD = { timeout: 120_000 };

for (const release of OLDEST) {
  describe(`deploys on ${release}`, { timeout: 3_600_000 }, () => {
    let lab: Lab;
    let deployed = 0;

    before(async () => {
      lab = await Lab.boot(release);
      await configure(lab, SETTINGS);
      await next(0);
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    let deploying = Promise.resolve();
    /** One after the other, so that the newest release is the one that was asked for last. */
    const next = (importDelay = IMPORT): Promise<number> => {
      const mine = ++deployed;
      deploying = deploying.then(() => deploy(lab, mine, { importDelay }));
      return deploying.then(() => mine);
    };
    const clients = (): Load => startLoad(lab, LONG ? l16(2) : { fast: 4, pauseMs: 20, slow: [{ path: '/file?1', clients: 1 }] });

    async function lossless(load: Load): Promise<number> {
      const { failures, requests } = await load.stop();
      assert.deepEqual(failures.slice(0, 5), []);
      return requests;
    }

    /** Deploys, reloads, and looks as soon as that returns whether every worker has this release, or a newer one. */
    async function rolledTo(unit: string): Promise<void> {
      const mine = await next();
      await lab.sh(`systemctl reload ${unit}`, RELOAD);
      for (const { release: served, pid } of await everyWho(lab, PROCESSES)) {
        assert.ok(Number(served) >= mine, `${unit} returned, and worker ${pid} serves ${served}, not ${mine}`);
      }
    }

    const later = (unit: string, seconds: number): Promise<void> => wait(seconds * 1000).then(() => rolledTo(unit));

    for (const [what, units] of LONG ? SECONDS : SECONDS.slice(1)) {
      it(`B3: a second deploy during the first, by a reload of ${what}`, async (t) => {
        const load = clients();
        await load.started();
        const began = Date.now();
        const first = rolledTo('wsgi-app@shop');
        await Promise.all([first, ...units.map((unit, at) => later(unit, SECOND_AFTER * (at + 1)))]);
        t.diagnostic(`${release}: all returned after ${Date.now() - began} ms`);
        for (const { release: served } of await everyWho(lab, PROCESSES)) assert.equal(served, String(deployed));
        await whole(lab, PROCESSES, what);
        t.diagnostic(`${release}: ${await lossless(load)} requests, 0 failed`);
      });
    }

    it('E1: the link moved, the virtualenv is in the release', async () => {
      const make = async (importDelay: number): Promise<string> => {
        await next(importDelay);
        await lab.sh('python3 -m venv --system-site-packages --without-pip "/srv/shop/releases/$RELEASE/venv"', { env: { RELEASE: String(deployed) } });
        return `/srv/shop/releases/${deployed}`;
      };
      const serves = async (directory: string): Promise<void> => {
        for (const { cwd, PWD, file, prefix } of await everyWho(lab, PROCESSES)) {
          assert.deepEqual({ cwd, PWD, file, prefix }, { cwd: directory, PWD: directory, file: `${directory}/app.py`, prefix: `${directory}/venv` });
        }
        await whole(lab, PROCESSES, directory);
      };
      const first = await make(0);
      await configure(lab, { ...SETTINGS, app: { virtualenv: '/srv/shop/current/venv' } });
      await lab.sh('wsgictl apply');
      await serves(first);
      const second = await make(0);
      const { stdout } = await lab.run(['wsgictl', 'apply']);
      assert.match(stdout, new RegExp(`the release moved: ${first} -> ${second}`));
      await serves(second);
      const third = await make(0);
      await lab.sh('systemctl reload wsgi-app@shop');
      await serves(third);
      await configure(lab, SETTINGS);
    });

    it('E3: a clean-up removed the release that serves', async (t) => {
      const gone = `/srv/shop/releases/${deployed}`;
      const { generation } = await statusOf(lab);
      const inode = await lab.sh('stat -c %i /run/wsgi/shop.sock');
      const [victim] = (await statusOf(lab)).workers;
      await lab.sh(`rm -rf ${gone}; kill -9 ${victim?.pid}`);
      const load = clients();
      await wait(LONG ? 60_000 : 3_000);
      const status = await statusOf(lab);
      assert.equal(status.code, 1);
      assert.match(status.notes.join('\n'), new RegExp(`${gone} is gone: deploy, then wsgictl apply shop`));
      assert.equal(status.workers.filter(({ phase }) => phase === 'ready').length, PROCESSES - 1);
      assert.equal(await lab.sh('systemctl is-active wsgi-app@shop.socket; stat -c %i /run/wsgi/shop.sock'), `active\n${inode}`);
      t.diagnostic(`${release}: ${await lossless(load)} requests to ${PROCESSES - 1} workers, 0 failed`);

      await next(0);
      await lab.sh('wsgictl apply');
      const good = await whole(lab, PROCESSES, 'after a good deploy');
      for (const arguments_ of [['rollback', 'shop', String(generation)], ['rollback', 'shop']]) {
        const refused = await lab.run(['wsgictl', ...arguments_]);
        assert.equal(refused.code, 1, refused.stdout);
        assert.match(refused.stderr, new RegExp(`generation ${generation} cannot run any more: ${gone} is gone`));
      }
      assert.equal((await whole(lab, PROCESSES, 'after the refusals')).generation, good.generation);
    });

    for (const [broken, rolling] of LONG ? ([['shop', 'blog'], ['blog', 'shop']] as const) : ([['shop', 'blog']] as const)) {
      it(`B5: ${broken} fails while ${rolling} still rolls`, async (t) => {
        if (broken === 'shop') await configure(lab, SETTINGS, 'blog');
        await deploy(lab, 'good', { app: broken, importDelay: 0 });
        await deploy(lab, `before-${broken}`, { app: rolling, importDelay: 0 });
        await lab.sh('wsgictl apply', RELOAD);
        await deploy(lab, 'bad', { app: broken, importDelay: BROKEN_AFTER, broken: 'import' });
        await deploy(lab, `new-${broken}`, { app: rolling, importDelay: LONG ? 1 : 0.3 });
        const began = Date.now();
        const { code } = await lab.run(['systemctl', 'reload', 'wsgi-app.target'], RELOAD);
        const ms = Date.now() - began;
        // The verdict's own job ends right after that of the target, which it has cancelled.
        assert.doesNotMatch(await lab.sh('systemctl list-jobs --no-legend --plain'), /wsgi-(app@|app.target|worker)/);
        assert.notEqual(code, 0);
        t.diagnostic(`${release}: exit code ${code} after ${ms} ms`);
        const served = async (app: string): Promise<string> => {
          const all = await everyWho(lab, PROCESSES, { socket: `/run/wsgi/${app}.sock` });
          return [...new Set(all.map((who) => who.release))].join(' ');
        };
        assert.deepEqual([await served(broken), await served(rolling)], ['good', `new-${broken}`]);
        await whole(lab, PROCESSES, 'the other', rolling);
        assert.match((await statusOf(lab, broken)).notes.join('\n'), /the last roll failed: .*could not load the app/);
        await deploy(lab, 'mended', { app: broken, importDelay: 0 });
        await lab.sh('wsgictl apply', RELOAD);
        await whole(lab, PROCESSES, 'mended', broken);
      });
    }
  });
}
