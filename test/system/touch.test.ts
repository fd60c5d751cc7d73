// `[reload] touch`: what systemd watches, and what comes of a touch, under load.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { configure, deploy, type IniOverrides } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { ask, lossless } from './rolls.js';
import { LONG, NEWEST, statusOf, whole } from './whole.js';
import { everyWho } from './who.js';

const FILE = '/srv/shop/restart.txt';
const PATH = 'wsgi-app-touch@shop.path';
/** A file by itself, and one whose path holds the link that a deploy switches. */
const SETTINGS: IniOverrides = {
  workers: { processes: 2 }, reload: { settle: '100ms', touch: [FILE, '/srv/shop/current/app.py'] },
};
/** ms */
const [QUIET, PATIENCE] = [500, 120_000];

for (const release of NEWEST) {
  describe(`a touch on ${release}`, { timeout: 520_000 }, () => {
    let lab: Lab;
    let deployed = 1;

    before(async () => {
      lab = await Lab.boot(release);
      await configure(lab, SETTINGS);
      await deploy(lab, deployed, { importDelay: 0 });
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    const show = async (unit: string, property: string): Promise<string> => (await lab.sh(`systemctl show -P ${property} ${unit}`)).trim();
    const rolls = async (): Promise<number> => Number(await lab.sh('ls /var/lib/wsgictl/shop/rolls/*.jsonl | wc -l'));
    /** Nothing is under way: no job, no look at the files. */
    const idle = async (): Promise<boolean> => {
      const jobs = await lab.sh('systemctl list-jobs --no-legend --plain');
      const looks = await lab.sh('systemctl show -P ActiveState wsgi-app-touch@shop.service wsgi-app-touched@shop.service');
      return !jobs.includes('shop') && /^\s*inactive\s+inactive\s*$/.test(looks);
    };

    async function settled(what: string): Promise<void> {
      await lab.waitFor(what, idle, PATIENCE);
      // An event may be on its way.
      await wait(QUIET);
      await lab.waitFor(what, idle, PATIENCE);
    }

    /** Waits until there are so many rolls and nothing goes on any more, and that there are no more of them. */
    async function rolledTo(count: number, what: string): Promise<void> {
      await lab.waitFor(`${what}: roll ${count}`, async () => (await rolls()) >= count, PATIENCE);
      await settled(what);
      assert.equal(await rolls(), count, `${what}\n${await lab.journal(['-u', 'wsgi-app@shop', '-u', 'wsgi-app-touch@shop', '-n', '40'])}`);
    }

    it('is noticed, whichever way the file changes, and loses no request', async (t) => {
      const load = startLoad(lab, { fast: 4, pauseMs: 20, slow: [{ path: '/file?1', clients: 1 }] });
      await load.started();
      const ways: readonly (readonly [what: string, script: string])[] = [
        ['the file is made', `touch ${FILE}`],
        ['it is touched', `touch ${FILE}`],
        ['an editor replaces it', `echo 1 >${FILE}.new; mv ${FILE}.new ${FILE}`],
      ];
      for (const [what, script] of ways) {
        const count = await rolls();
        await lab.sh(script);
        await rolledTo(count + 1, what);
      }
      const count = await rolls();
      await deploy(lab, ++deployed, { importDelay: 0 });
      await rolledTo(count + 1, 'the link above it is switched');
      for (const { release: served } of await everyWho(lab, 2)) assert.equal(served, String(deployed));
      const { requests } = await lossless(load);
      t.diagnostic(`${release}: ${requests} requests, 0 failed`);
      await whole(lab, 2, 'after the touches');
    });

    it('is no other file in the directory that holds the link, and no other mode', async () => {
      const count = await rolls();
      await lab.sh(`echo 1 >/srv/shop/other.log; rm /srv/shop/other.log; chmod 640 ${FILE}; ln ${FILE} ${FILE}.hard; rm ${FILE}.hard`);
      await rolledTo(count, 'what is no touch');
    });

    it('two during a roll make one more', async () => {
      const load = startLoad(lab, { fast: 4, pauseMs: 20 });
      await load.started();
      const count = await rolls();
      await deploy(lab, ++deployed, { importDelay: 1 });
      await lab.waitFor('the roll', async () => (await rolls()) === count + 1, PATIENCE);
      await wait(300);
      await lab.sh(`touch ${FILE}`);
      await wait(600);
      await lab.sh(`touch ${FILE}`);
      assert.equal(await rolls(), count + 1, 'the roll was over too early for this test');
      await rolledTo(count + 2, 'two touches');
      await lossless(load);
    });

    it('right after something that is none is noticed too: a link made first and renamed later', async () => {
      for (const ms of LONG ? [0, 60, 150] : [60]) {
        const before = deployed;
        await lab.sh(
          `cp -r /srv/shop/releases/${before} /srv/shop/releases/${++deployed}
           sed -i 's/"release":"[0-9]*","importDelay":[0-9.]*/"release":"${deployed}","importDelay":0/' /srv/shop/releases/${deployed}/release.json
           ln -s /srv/shop/releases/${deployed} /srv/shop/.next; sleep ${ms / 1000}; mv -T /srv/shop/.next /srv/shop/current`,
        );
        await lab.waitFor(`the link, ${ms} ms later`, async () => (await idle()) && (await ask(lab, '/who')).text.includes(`releases/${deployed}`), PATIENCE);
      }
    });

    it('of a broken release rolls back, and status says so', async () => {
      const { generation } = await statusOf(lab);
      const load = startLoad(lab, { fast: 4, pauseMs: 20 });
      await load.started();
      await deploy(lab, 'bad', { importDelay: 0, broken: 'import' });
      await lab.waitFor('the failure', async () => /the last roll failed/.test((await statusOf(lab)).notes.join()), PATIENCE);
      assert.equal((await statusOf(lab)).generation, generation);
      const count = await rolls();
      await rolledTo(count, 'a failed one is not tried again');
      await deploy(lab, ++deployed, { importDelay: 0 });
      await rolledTo(count + 1, 'mended');
      await whole(lab, 2, 'mended');
      await lossless(load);
    });

    it('of an app that is stopped does nothing, nor does one as it starts, or at boot', async () => {
      await lab.sh('wsgictl stop shop');
      assert.equal(await show(PATH, 'ActiveState'), 'inactive');
      const count = await rolls();
      await lab.sh(`touch ${FILE}`);
      await settled('a touch of a stopped app');
      assert.deepEqual([await rolls(), await show('wsgi-app@shop', 'ActiveState')], [count, 'inactive']);
      await lab.sh(`wsgictl start shop & sleep 0.3; touch ${FILE}; wait`);
      await rolledTo(count + 1, 'only the start');
      await lab.reboot({ settled: false });
      await lab.sh(`touch ${FILE}`);
      await rolledTo(count + 2, 'only the start at boot');
      await lab.sh(`touch ${FILE}`);
      await rolledTo(count + 3, 'a touch after the boot');
    });

    it('is watched for as long as the INI file says so, without a roll', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      const count = await rolls();
      await configure(lab, { ...SETTINGS, reload: { settle: '100ms' } });
      assert.match((await statusOf(lab)).notes.join(), /changed since generation/);
      assert.match(await lab.sh('wsgictl apply'), new RegExp(`- PathChanged=${FILE}`));
      const links = async (): Promise<string> => lab.sh('find /etc/systemd/system -name "wsgi-app-touch@?*.path" -o -name "wsgi-app@*.wants"');
      assert.equal(await links(), '');
      assert.equal(await show(PATH, 'LoadState'), 'not-found');
      await lab.sh(`touch ${FILE}`);
      await rolledTo(count, 'not watched');
      await configure(lab, SETTINGS);
      assert.match(await lab.sh('wsgictl apply'), new RegExp(`\\+ PathChanged=${FILE}`));
      assert.equal(await lab.sh('wsgictl apply'), 'nothing to do\nif its code changed in place: wsgictl reload shop\n');
      assert.deepEqual((await statusOf(lab)).notes, []);
      await rolledTo(count, 'added to an app that runs');
      await lab.sh(`touch ${FILE}`);
      await rolledTo(count + 1, 'watched again');
      await lab.sh('wsgictl remove shop');
      assert.equal(await links(), '');
      assert.equal(await lab.sh('systemctl list-units --all --plain --no-legend "*shop*"'), '');
    });
  });
}
