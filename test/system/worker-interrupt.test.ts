// Interrupted requests, in real units: D of the cases, the deadline, and the promises of a stop.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Lab, RELEASES } from '../lab/lab.js';
import { Worker, workersIn } from './worker-unit.js';

const LONG = process.env['WSGICTL_LONG'] === '1';

for (const release of RELEASES) {
  describe(`an interrupt on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
    });
    after(async () => lab.stop());
    const withWorker = workersIn(() => lab);

    for (const threads of [1, 2]) {
      it(`D1: an interrupt in mid-body cuts, and appends nothing (threads ${threads})`, withWorker(
        { threads, graceful: 2 },
        async (worker) => {
          for (const [path, version] of [['/stream?60', '1.1'], ['/stream?60&length', '1.1'], ['/stream?60', '1.0']] as const) {
            const client = worker.get(path, { version });
            await wait(500);
            await worker.stop();
            const { text, body, status } = await client;
            assert.equal(status, 200);
            assert.equal(text.split('HTTP/1.').length, 2, 'a second head');
            const lines = body.split('\n').map((line) => line.trim()).filter((line) => /^\d{7}$/.test(line));
            assert.deepEqual(lines, lines.map((_, number) => String(number).padStart(7, '0')));
            assert.ok(lines.length > 10);
            assert.doesNotMatch(body, /\r\n0\r\n/, 'a final chunk');
            assert.equal((await worker.traces()).at(-1), 'FIN stream');
            assert.match(await worker.log(), /interrupted after .*GET \/stream \(cut\)/);
            await lab.sh(`systemctl reset-failed '${worker.name}*'; systemctl start ${worker.name}@1`);
          }
        }));

      it(`D1: a client that reads nothing holds the interrupt no longer than a second (threads ${threads})`, withWorker(
        { threads, graceful: 1, interrupt: 4 },
        async (worker) => {
          const client = await worker.connect();
          client.pause().write('GET /flood HTTP/1.1\r\nHost: probe\r\n\r\n');
          await wait(300);
          assert.ok((await worker.stop()) < 4000);
          assert.deepEqual(await worker.traces(), ['FIN flood']);
          client.destroy();
        }));

      it(`request-timeout: 503, the others are answered, exit status 75, a new worker (threads ${threads})`, withWorker(
        { threads, options: ['--request-timeout=1.5'] },
        async (worker) => {
          const late = worker.get('/python?60');
          await wait(700);
          const other = threads > 1 ? worker.get('/sleep?1') : undefined;
          const { status, text, ms } = await late;
          assert.equal(status, 503);
          assert.match(text, /\r\nRetry-After: \d/);
          assert.ok(ms > 1400 && ms < 2500, `after ${ms} ms`);
          if (other) assert.equal((await other).body, 'fast\n');
          assert.deepEqual((await worker.traces()).filter((line) => /python/.test(line)), ['FIN python']);
          await lab.waitFor('a new one', async () => (await worker.show('NRestarts')) === '1', 8000);
          assert.match(await worker.log(), /status=75/);
        }));

      it(`stopped by hand, what does not end is bounded by systemd all the same (threads ${threads})`, withWorker(
        { threads, graceful: 2, interrupt: 2 },
        async (worker) => {
          const stuck = worker.get('/stubborn?60');
          await wait(300);
          const began = Date.now();
          await worker.signal('TERM');
          await wait(500);
          assert.equal(await worker.show('ActiveState'), 'deactivating');
          await lab.waitFor('restarted', async () => (await worker.show('NRestarts')) === '1', 10_000);
          assert.ok(Date.now() - began > 4000);
          assert.equal((await stuck).status, 503);
        }));

      /** What section "blocked in" of the README promises: [route, the exception reaches it, at the latest after ms]. */
      const table: readonly (readonly [string, boolean])[] = threads === 1
        ? [['python', true], ['receive', true], ['sleep', true], ['lock', true], ['queue', true], ['child', true], ['flock', true], ['computing', false], ['stubborn', false]]
        : [['python', true], ['receive', true], ['sleep', false], ['lock', false], ['queue', false], ['child', false], ['flock', false], ['computing', false], ['stubborn', false]];
      for (const [route, reached] of LONG ? table : table.filter(([name]) => ['python', 'receive', 'sleep', 'computing'].includes(name))) {
        it(`D2: blocked in ${route}, ${reached ? 'interrupted' : 'not interrupted, and said so'} (threads ${threads})`, withWorker(
          { threads, graceful: 1, interrupt: 3 },
          async (worker) => {
            const client = worker.get(`/${route}?60`);
            await wait(300);
            const ms = await worker.stop();
            const { status } = await client;
            assert.equal(status, 503);
            assert.deepEqual(await worker.traces(), reached ? [`FIN ${route}`] : []);
            assert.ok(reached ? ms < 3000 : ms < 6000, `${ms} ms`);
            if (!reached) assert.match(await worker.log(), /could not be interrupted: it is at |still cleaning up/);
          }));
      }
    }

    it('an interrupt at any moment comes up in app code and nowhere else', async () => {
      const script = readFileSync(new URL('../../../test/system/worker-interrupt.py', import.meta.url), 'utf8');
      await Worker.make(lab, { start: false });
      await lab.sh(`python3 - /usr/lib/worker ${LONG ? 60 : 4}`, { input: script, timeout: 200_000 });
    });
  });
}
