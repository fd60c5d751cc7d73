// Requests that outlast graceful-timeout when their app rolls or stops: 6.3. What a worker itself does with an
// interrupt is held by worker-interrupt.test.ts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { configure, deploy, traces } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { ask } from './rolls.js';
import { LONG, NEWEST, remains, whole } from './whole.js';

const PROCESSES = 4;
/** Seconds. */
const GRACEFUL = LONG ? 10 : 2;
const INTERRUPT = LONG ? 3 : 2;

for (const release of NEWEST) {
  describe(`requests that outlast their worker on ${release}`, { timeout: 1_800_000 }, () => {
    let lab: Lab;
    let deployed = 0;
    before(async () => {
      lab = await Lab.boot(release);
    });
    after(async () => lab.stop());

    /**
     * Has all workers leave by a command while each kind of request is in flight, and looks at what became of them.
     * With threads there is none that keeps the others in its worker from being interrupted.
     */
    async function interrupted(threads: number, command: readonly string[], meanwhile?: () => Promise<void>): Promise<Result> {
      await lab.sh('rm -f /srv/shop/files/*');
      const paths = ['/file?60', '/stream?60', '/stubborn?60', ...(threads === 1 ? ['/hog?60'] : [])];
      const requests = paths.map(async (path) => ask(lab, path));
      await lab.waitFor('all are in flight', async () => (await traces(lab)).length === paths.length);
      const began = Date.now();
      const running = lab.run(command);
      await meanwhile?.();
      const result = await running;
      const all = await Promise.all(requests);
      const [file, stream, stubborn, hog] = all;
      const about = `${command.join(' ')}\n${JSON.stringify(all, null, 1)}\n${await lab.journal(['-u', 'wsgi-worker-*', '-n', '40'])}`;

      assert.equal(file?.status, 503, about);
      assert.match(file?.text ?? '', /\r\nRetry-After: \d+\r\n/i);
      // In mid-body: the lines so far, no word more, and no chunk that says that this was all.
      assert.equal(stream?.status, 200, about);
      assert.equal(stream?.text.split('HTTP/1.').length, 2, about);
      assert.match(stream?.body ?? '', /000000000\r?\n/);
      assert.doesNotMatch(stream?.body ?? '', /(^|\r\n)0\r\n\r\n$/, about);
      // What ignores it is answered from outside, where anything runs there at all.
      assert.equal(stubborn?.status, 503, about);
      if (hog) assert.equal(hog.text, '', about);

      const left = new Map((await traces(lab)).map(({ name, end, fin }) => [name.split('-')[0], { end, fin }]));
      assert.deepEqual(left.get('file'), { end: false, fin: true }, about);
      assert.deepEqual(left.get('stream'), { end: false, fin: true }, about);
      for (const kind of ['stubborn', 'hog']) assert.deepEqual(left.get(kind) ?? { end: false, fin: false }, { end: false, fin: false }, about);
      for (const { ms } of all) assert.ok(ms >= GRACEFUL * 1000, about);
      assert.ok(Date.now() - began >= (GRACEFUL + INTERRUPT) * 1000, about);
      return result;
    }

    for (const threads of [1, 4]) {
      it(`6.3: in a roll (threads ${threads})`, async () => {
        await configure(lab, {
          workers: { processes: PROCESSES, threads },
          reload: { 'graceful-timeout': `${GRACEFUL}s`, 'interrupt-timeout': `${INTERRUPT}s`, 'max-surge': '100%', settle: LONG ? '1s' : '300ms' },
        });
        await deploy(lab, ++deployed, { importDelay: LONG ? 1 : 0.1 });
        await lab.sh('wsgictl apply');
        const { generation } = await whole(lab, PROCESSES, 'before');
        const { code, stdout, stderr } = await interrupted(threads, ['wsgictl', 'reload', 'shop']);
        assert.equal(code, 0, stdout + stderr);
        const said = [...stdout.matchAll(/worker \d of generation (\d+) is gone \((interrupted|killed)\)/g)].map(([, of, how]) => `${of} ${how}`);
        assert.ok(said.every((what) => what.startsWith(`${generation} `)), stdout);
        // The stubborn one leaves by itself when its time is over, unless systemd kills it first.
        const killed = said.filter((what) => what.endsWith('killed')).length;
        if (threads === 1) assert.deepEqual([said.length, killed === 1 || killed === 2], [4, true], stdout);
        else assert.ok(said.length >= 1 && killed <= 1, stdout);
        await whole(lab, PROCESSES, 'after');
      });

      // How a stop comes about has nothing to do with threads: in the short run, one number of them will do.
      if (!LONG && threads === 4) continue;

      it(`6.3: in a plain stop (threads ${threads})`, async () => {
        const { code, stderr } = await interrupted(threads, ['systemctl', 'stop', 'wsgi-app@shop']);
        assert.equal(code, 0, stderr);
        assert.deepEqual(await remains(lab), []);
        await lab.sh('systemctl start wsgi-app@shop');
        await whole(lab, PROCESSES, 'started again');
      });

      it(`6.3: in a stop with no wsgictl around any more (threads ${threads})`, async () => {
        await interrupted(threads, ['systemctl', 'stop', 'wsgi-app@shop'], async () => {
          await lab.waitFor('the workers leave', async () => /deactivating/.test(await lab.sh("systemctl list-units 'wsgi-worker-shop-*'")));
          await lab.sh('kill -9 $(systemctl show -P ControlPID wsgi-app@shop)');
          await wait((GRACEFUL + INTERRUPT) * 1000);
          await lab.waitFor('no worker is left', async () => (await lab.sh("systemctl list-units --plain --no-legend 'wsgi-worker-shop-*'")) === '');
        });
        await lab.sh('systemctl reset-failed; systemctl start wsgi-app@shop');
        await whole(lab, PROCESSES, 'started again');
      });
    }
  });
}
