// The worker runner in real units: C and D of the cases, A7, and the promises of a stop.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Lab, RELEASES } from '../lab/lab.js';
import { exchange, Worker, type WorkerOptions } from './worker-unit.js';

const LONG = process.env['WSGICTL_LONG'] === '1';
const GET = 'GET /fast HTTP/1.1\r\nHost: probe\r\n\r\n';

/** Every hook, each writing its name where the app's requests leave their traces. */
const HOOKS = `
import os
def note(name):
    def hook(first, *rest):
        first.log.info("%s", name)
        with open("traces", "a") as file:
            file.write(name + "\\n")
    return hook
def on_starting(server): note("on_starting")(server)
def when_ready(server): note("when_ready")(server)
def pre_fork(server, worker): note("pre_fork")(server)
def post_fork(server, worker): note("post_fork")(server)
def post_worker_init(worker): note("post_worker_init")(worker)
def worker_exit(server, worker): note("worker_exit")(server)
def child_exit(server, worker): note("child_exit")(server)
def on_exit(server): note("on_exit")(server)
def worker_int(worker): note("worker_int")(worker)
def worker_abort(worker): note("worker_abort")(worker)
def nworkers_changed(server, new, old): note("nworkers_changed")(server)
def pre_exec(server): note("pre_exec")(server)
preload_app = True
`;

for (const release of RELEASES) {
  describe(`a worker on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
    });
    after(async () => lab.stop());

    const withWorker = (options: WorkerOptions, test: (worker: Worker) => Promise<void>) => async (): Promise<void> => {
      const worker = await Worker.make(lab, options);
      try {
        await test(worker);
      } catch (error) {
        console.error(await worker.log());
        throw error;
      } finally {
        await worker.remove();
      }
    };

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

      it(`C7, children=wait, threads of the app (threads ${threads})`, withWorker(
        { threads, options: ['--children=wait'] },
        async (worker) => {
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

    it('C11: the hooks of gunicorn.conf.py, in order', withWorker(
      { start: false, files: { 'gunicorn.conf.py': HOOKS } },
      async (worker) => {
        const check = await lab.sh(`cd ${worker.directory} && setpriv --reuid deploy --clear-groups python3 /usr/lib/worker --check --module=app`);
        for (const hook of ['worker_int', 'worker_abort', 'nworkers_changed', 'pre_exec']) assert.match(check, new RegExp(`${hook} is never called`));
        assert.match(check, /preload_app is ignored/);
        await lab.sh(`systemctl start ${worker.name}.socket ${worker.name}@1`);
        await worker.stop();
        assert.deepEqual(await worker.traces(), ['on_starting', 'when_ready', 'pre_fork', 'post_fork', 'post_worker_init', 'worker_exit', 'child_exit', 'on_exit']);
      }));

    it('G1, G3: headers that would pass for others are dropped', withWorker({}, async (worker) => {
      const headers = ['REMOTE_USER: e', 'Remote_User: e', 'X-Remote-User: proxy', 'X_Remote_User: e', 'SCRIPT_NAME: /e', 'PATH_INFO: /e', 'X_Forwarded_Proto: https'];
      const { status, body } = await worker.get('/environ', { headers: headers.map((line) => `${line}\r\n`).join('') });
      assert.equal(status, 200);
      const environ = JSON.parse(body) as Record<string, string>;
      assert.equal(environ['HTTP_X_REMOTE_USER'], 'proxy');
      for (const name of ['REMOTE_USER', 'HTTP_REMOTE_USER', 'HTTP_SCRIPT_NAME', 'HTTP_PATH_INFO']) assert.equal(environ[name], undefined, name);
      assert.deepEqual([environ['SCRIPT_NAME'], environ['PATH_INFO'], environ['wsgi.url_scheme']], ['', '/environ', 'http']);
      const tls = JSON.parse((await worker.get('/environ', { headers: 'X-Forwarded-Proto: https\r\n' })).body) as Record<string, string>;
      assert.equal(tls['wsgi.url_scheme'], 'https');
    }));

    it('a file goes out whole, and an answer without its request being read arrives', withWorker({}, async (worker) => {
      assert.equal((await worker.get('/download', { version: '1.0' })).body.length, 3_000_000);
      const upload = await exchange(await worker.connect(), `POST /fast HTTP/1.1\r\nHost: probe\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(500_000)}`);
      assert.deepEqual([upload.status, upload.body, upload.error], [200, 'fast\n', undefined]);
    }));

    it('an interrupt at any moment comes up in app code and nowhere else', async () => {
      const script = readFileSync(new URL('../../../test/system/worker-interrupt.py', import.meta.url), 'utf8');
      await Worker.make(lab, { start: false });
      await lab.sh(`python3 - /usr/lib/worker ${LONG ? 60 : 4}`, { input: script, timeout: 200_000 });
    });

    it('what cannot start says why, in its exit status and in one line', async () => {
      const cases: readonly (readonly [string, number, RegExp, WorkerOptions])[] = [
        ['import', 3, /RuntimeError: this release is broken/, { service: ['Environment=BROKEN=import'] }],
        ['callable', 4, /Failed to find attribute/, { options: ['--module=app:nosuch'] }],
        ['warm-up', 5, /warm-up \/fast: answered 200 OK, wanted 204/, { options: ['--warm-up=/fast', '--warm-up-status=204'] }],
        ['warm-up hangs', 5, /no answer after 0.5 s/, { options: ['--warm-up=/sleep?60', '--warm-up-timeout=0.5'] }],
        ['config', 65, /certfile is set/, { files: { 'gunicorn.conf.py': "certfile = '/etc/ssl/x'\n" } }],
        ['no gunicorn', 69, /no gunicorn in \/usr\/bin\/python3/, { files: { 'gunicorn/__init__.py': "raise ImportError('none', name='gunicorn')\n" } }],
      ];
      for (const [what, exitStatus, line, options] of cases) {
        const worker = await Worker.make(lab, { ...options, start: false });
        await lab.sh(`systemctl start ${worker.name}.socket`);
        const { code } = await lab.run(['systemctl', 'start', `${worker.name}@1.service`]);
        assert.equal(code, 1, what);
        assert.equal(await worker.show('ExecMainStatus'), String(exitStatus), `${what}\n${await worker.log()}`);
        assert.match(await worker.log(), line, what);
        await worker.remove();
      }
    });

    it('without a socket it does not start, and is not tried again', async () => {
      const worker = await Worker.make(lab, { start: false });
      await lab.sh(`sed -i /^Sockets=/d /etc/systemd/system/${worker.name}@.service`);
      assert.equal((await lab.run(['systemctl', 'start', `${worker.name}@1.service`])).code, 1);
      assert.equal(await worker.show('ExecMainStatus'), '78');
      await wait(1500);
      assert.equal(await worker.show('NRestarts'), '0');
      await worker.remove();
    });

    it('a stop ends a hanging import at once', async () => {
      const worker = await Worker.make(lab, { start: false, service: ['Environment=BROKEN=hangs'] });
      await lab.sh(`systemctl start ${worker.name}.socket; systemctl start --no-block ${worker.name}@1.service; sleep 1`);
      assert.ok((await worker.stop()) < 1000);
      await worker.remove();
    });
  });
}
