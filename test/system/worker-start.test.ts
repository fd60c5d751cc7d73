// A worker that starts, or cannot, and what it takes in: C11, G1 and G3 of the cases.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Lab, RELEASES } from '../lab/lab.js';
import { LONG } from './whole.js';
import { exchange, Worker, workersIn, type WorkerOptions } from './worker-unit.js';

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
  describe(`a worker that starts on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
    });
    after(async () => lab.stop());
    const withWorker = workersIn(() => lab);

    it('C11: the hooks of gunicorn.conf.py, in order', withWorker(
      { start: false, files: { 'gunicorn.conf.py': HOOKS } },
      async (worker) => {
        const check = await lab.sh(`cd ${worker.directory} && setpriv --reuid deploy --clear-groups python3 /usr/lib/worker --check --module=app`);
        for (const hook of ['on_starting', 'when_ready', 'on_exit', 'worker_int', 'worker_abort', 'nworkers_changed', 'pre_exec']) assert.match(check, new RegExp(`${hook} is never called`));
        assert.match(check, /preload_app is ignored/);
        await lab.sh(`systemctl start ${worker.name}.socket ${worker.name}@1`);
        await worker.stop();
        assert.deepEqual(await worker.traces(), ['pre_fork', 'post_fork', 'post_worker_init', 'worker_exit', 'child_exit']);
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

    it('G1: variables that the proxy tells, [environ] and mounts, and nobody forges them', withWorker(
      {
        options: ['--variable=REMOTE_USER=X-Wsgictl-REMOTE-USER', '--mount=/shop', '--mount=/shop/old', '--route=/news', "'--environ=MODE=cash only, 100%%'", '--environ=EMPTY='],
        files: { 'gunicorn.conf.py': 'raw_env = ["MODE=process"]\naccesslog = "-"\naccess_log_format = "%(u)s %(U)s"\n' },
      },
      async (worker) => {
        const environ = async (path: string, ...headers: string[]): Promise<Record<string, string>> => {
          const { status, body } = await worker.get(path, { headers: headers.map((line) => `${line}\r\n`).join('') });
          assert.equal(status, 200, path);
          return JSON.parse(body) as Record<string, string>;
        };
        const one = await environ('/shop/environ', 'x-wsgictl-remote-user: alice', 'X_Wsgictl_Remote_User: eve', 'Remote-User: eve', 'REMOTE_USER: eve');
        assert.deepEqual([one['REMOTE_USER'], one['MODE'], one['EMPTY']], ['alice', 'cash only, 100%', '']);
        assert.deepEqual([one['SCRIPT_NAME'], one['PATH_INFO']], ['/shop', '/environ']);
        assert.equal(Object.keys(one).find((name) => /WSGICTL/.test(name)), undefined);
        // An empty one is what a proxy sets where nobody has logged in; two of them are not both its own.
        for (const headers of [[], ['X-Wsgictl-Remote-User:'], ['X-Wsgictl-Remote-User: eve', 'X-Wsgictl-Remote-User: alice'], ['X-Wsgictl_Remote-User: eve']]) {
          assert.equal((await environ('/shop/old/environ', ...headers))['REMOTE_USER'], undefined, headers.join());
        }
        const mounts = await Promise.all(['/shop/old/environ', '/shop/older/environ', '/news/environ'].map((path) => environ(path)));
        assert.deepEqual(mounts.map((got) => [got['SCRIPT_NAME'], got['PATH_INFO']]), [['/shop/old', '/environ'], ['/shop', '/older/environ'], ['', '/news/environ']]);
        // Below no mount and no route is not the app's, nor what nginx would have tidied up.
        for (const path of ['/shopping/environ', '/environ', '/newspaper', '//shop/environ', '/x/../shop/environ', '/shop/../environ', '/shop/%2e%2e/environ', '/shop/.', '/shop/x/..', '*']) {
          const { status, body } = await worker.get(path);
          assert.deepEqual([status, body], [404, 'Not Found\n'], path);
        }
        // Nor does the name of a login begin a line of its own in the access log, with a priority that journald shows to all.
        await environ('/shop/environ', `Authorization: Basic ${Buffer.from('eve\n<0>wsgictl\u001b[31m:x').toString('base64')}`);
        await lab.waitFor('its line', async () => (await worker.log()).includes('eve'));
        assert.match(await worker.log(), /^eve <0>wsgictl<U\+001B>\[31m \//m);
      }));

    it('a file goes out whole, and an answer without its request being read arrives', withWorker({}, async (worker) => {
      assert.equal((await worker.get('/download', { version: '1.0' })).body.length, 3_000_000);
      const upload = await exchange(await worker.connect(), `POST /fast HTTP/1.1\r\nHost: probe\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(500_000)}`);
      assert.deepEqual([upload.status, upload.body, upload.error], [200, 'fast\n', undefined]);
    }));

    it('whatever an app raises, or does with its environ and its socket, its client gets an answer or a cut', async () => {
      const script = readFileSync(new URL('../../../test/system/worker-answer.py', import.meta.url), 'utf8');
      const worker = await Worker.make(lab, { start: false });
      await lab.sh('python3 - /usr/lib/worker', { input: script, timeout: 200_000 });
      await worker.remove();
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

    it('its reason is in systemd, where no journal is needed to find it', async () => {
      const worker = await Worker.make(lab, { start: false, service: ['Environment=BROKEN=import', 'StandardError=null'] });
      await lab.sh(`systemctl start ${worker.name}.socket`);
      assert.equal((await lab.run(['systemctl', 'start', `${worker.name}@1.service`])).code, 1);
      assert.match(await worker.show('StatusText'), /^RuntimeError: this release is broken \(\/srv\/.*\/app\.py:\d+\)$/);
      await worker.remove();
    });

    // By itself: what hangs little on systemd, and would need a unit each.
    for (const script of LONG || release === RELEASES.at(-1) ? ['worker-alone.py'] : []) {
      it('alone, with nothing but a socket and signals', async () => {
        await Worker.make(lab, { start: false });
        const input = readFileSync(new URL(`../../../test/system/${script}`, import.meta.url), 'utf8');
        const { code, stdout, stderr } = await lab.run(['python3', '-', '/usr/lib/worker', ...(LONG ? ['--long'] : [])], { input, timeout: 500_000 });
        assert.equal(code, 0, `${stdout}\n${stderr}`);
      });
    }

    it('a stop ends a hanging import at once', async () => {
      const worker = await Worker.make(lab, { start: false, service: ['Environment=BROKEN=hangs'] });
      await lab.sh(`systemctl start ${worker.name}.socket; systemctl start --no-block ${worker.name}@1.service; sleep 1`);
      assert.ok((await worker.stop()) < 1000);
      await worker.remove();
    });
  });
}
