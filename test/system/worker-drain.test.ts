// A worker that leaves, in real units: C of the cases, and A7.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Lab, RELEASES } from '../lab/lab.js';
import { exchange, workersIn } from './worker-unit.js';

const LONG = process.env['WSGICTL_LONG'] === '1';
const GET = 'GET /fast HTTP/1.1\r\nHost: probe\r\n\r\n';

for (const release of RELEASES) {
  describe(`a worker that leaves on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
    });
    after(async () => lab.stop());
    const withWorker = workersIn(() => lab);

    for (const threads of [1, 2]) {
      it(`C1: connections that are silent at first are answered, through a change of workers (threads ${threads})`, withWorker(
        { threads, instances: 2 },
        async (worker) => {
          await worker.stop(2);
          const clients = await Promise.all(Array.from({ length: 200 }, () => worker.connect()));
          await lab.sh(`systemctl start ${worker.name}@2.service`);
          const stopped = worker.stop(1);
          await wait(500);
          const got = await Promise.all(clients.map((client) => exchange(client, GET)));
          assert.deepEqual(got.filter(({ status, body }) => status !== 200 || body !== 'fast\n'), []);
          await stopped;
        }));

      it(`C1: max-requests loses nothing (threads ${threads})`, withWorker(
        { threads, instances: 2, options: ['--max-requests=10'] },
        async (worker) => {
          const count = LONG ? 200 : 60;
          for (let number = 0; number < count; number++) assert.equal((await worker.get('/fast')).body, 'fast\n');
          assert.notEqual(await worker.show('NRestarts'), '0');
          assert.equal(await worker.show('Result'), 'success');
        }));

      it(`C5: silent connections do not hold a drain, and are not counted (threads ${threads})`, withWorker(
        { threads, graceful: 60, options: ['--header-timeout=2'] },
        async (worker) => {
          const clients = await Promise.all(Array.from({ length: threads }, () => worker.connect()));
          clients[0]?.write('GET / HT');
          await wait(300);
          const stopped = worker.stop();
          await wait(500);
          assert.match(await worker.show('StatusText'), /draining: 0 requests/);
          assert.ok((await stopped) < 4000, 'the drain took too long');
          assert.equal(await worker.show('Result'), 'success');
          for (const client of clients) client.destroy();
        }));

      it(`what is watched: the watchdog's silence while draining, and its end (threads ${threads})`, withWorker(
        { threads, graceful: 20, service: ['WatchdogSec=2'] },
        async (worker) => {
          const slow = worker.get('/sleep?5');
          await wait(300);
          assert.ok((await worker.stop()) > 4000);
          assert.equal((await slow).body, 'fast\n');
          assert.equal(await worker.show('Result'), 'success');

          await lab.sh(`systemctl start ${worker.name}@1`);
          const pid = await worker.show('MainPID');
          assert.equal((await worker.get('/sleep?4')).body, 'fast\n', 'a slow request is no reason for the watchdog');
          assert.equal(await worker.show('MainPID'), pid);
          void worker.get('/hogging?30').catch(() => {});
          await lab.waitFor('restarted by the watchdog', async () => (await worker.show('NRestarts')) === '1', 12_000);
        }));

      it(`C7, children=wait, threads of the app (threads ${threads})`, withWorker(
        { threads, options: ['--children=wait'] },
        async (worker) => {
          // Of these, nobody is waited for: all of them wait for the worker.
          assert.equal((await worker.get('/pools')).body, 'fast\n');
          await worker.get('/background?2');
          await worker.get('/thread?1');
          const inFlight = worker.get('/child?1');
          await wait(300);
          const stopped = worker.stop();
          assert.equal((await inFlight).body, 'fast\n');
          await stopped;
          const traces = await worker.traces();
          for (const line of ['END background', 'END thread', 'END child']) assert.ok(traces.includes(line), `${line}: ${traces}`);
          assert.equal(await worker.show('Result'), 'success');
        }));

      it(`C9: signals that the app takes at import are taken back, and named (threads ${threads})`, withWorker(
        { threads, graceful: 3, service: ['Environment=STEAL=1'] },
        async (worker) => {
          const short = worker.get('/sleep?2');
          await wait(300);
          await worker.signal('USR1');
          await worker.stop();
          assert.equal((await short).body, 'fast\n');
          await lab.sh(`systemctl start ${worker.name}@1`);
          const long = worker.get('/sleep?30');
          await wait(300);
          await worker.stop();
          assert.equal((await long).status, 503);
          for (const name of ['SIGTERM', 'SIGINT', 'SIGRTMIN\\+8', 'SIGUSR1']) assert.match(await worker.log(), new RegExp(`${name}.* taken back`));
        }));
    }

    it('A7: the socket file outlives every end of a worker, and a bind of gunicorn.conf.py', withWorker(
      { instances: 2, files: { 'gunicorn.conf.py': "bind = 'unix:/run/probe.sock'\n" } },
      async (worker) => {
        const inode = await lab.sh(`stat -c %i ${worker.socket}`);
        for (const signal of ['TERM', 'INT', 'QUIT', 'KILL', 'RTMIN+8']) {
          const restarts = Number(await worker.show('NRestarts'));
          await worker.signal(signal);
          assert.equal((await worker.get('/fast')).body, 'fast\n');
          await lab.waitFor(`restarted after ${signal}`, async () => Number(await worker.show('NRestarts')) > restarts);
        }
        assert.equal(await lab.sh(`stat -c %i ${worker.socket}`), inode);
        assert.match(await worker.log(), /bind is ignored/);
      }));
  });
}
