// An app with a gunicorn.conf.py and many ends of workers: A7, C11 through rolls.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { lossless } from './rolls.js';
import { LONG, OLDEST, statusOf, whole } from './whole.js';

const PROCESSES = LONG ? 4 : 2;
/** Requests: some seconds of the clients here. */
const LIFE = 300;
const CONFIG = '/srv/shop/gunicorn.conf.py';
const SOCKET = '/run/wsgi/shop.sock';
const BORN = ['pre_fork', 'post_fork', 'post_worker_init'];
const GONE = ['worker_exit', 'child_exit'];

/** Every hook, each adding its name to a file of its process. */
const HOOKS = `
import os
bind = 'unix:${SOCKET}'
preload_app = True
def note(name, server, pid=None):
    server.log.info("hook %s", name)
    with open("/srv/shop/files/hooks-%d" % (pid or os.getpid()), "a") as file:
        file.write(name + "\\n")
def on_starting(server): note("on_starting", server)
def when_ready(server): note("when_ready", server)
def pre_fork(server, worker): note("pre_fork", server)
def post_fork(server, worker): note("post_fork", server)
def post_worker_init(worker): note("post_worker_init", worker)
def worker_exit(server, worker): note("worker_exit", server)
def child_exit(server, worker): note("child_exit", server, worker.pid)
def on_exit(server): note("on_exit", server)
def worker_int(worker): note("worker_int", worker)
def worker_abort(worker): note("worker_abort", worker)
def nworkers_changed(server, new, old): note("nworkers_changed", server)
def pre_exec(server): note("pre_exec", server)
`;

for (const release of OLDEST) {
  describe(`a gunicorn.conf.py on ${release}`, { timeout: 1_800_000 }, () => {
    let lab: Lab;
    let deployed = 0;
    before(async () => {
      lab = await Lab.boot(release);
      await deploy(lab, ++deployed, { importDelay: 0.1 });
      await lab.write(CONFIG, HOOKS, 0o644);
    });
    after(async () => lab.stop());

    async function applied(workers: Readonly<Record<string, number>> = {}): Promise<void> {
      await configure(lab, {
        app: { 'gunicorn-config': CONFIG },
        workers: { processes: PROCESSES, ...workers },
        reload: { settle: LONG ? '1s' : '200ms', 'max-surge': '100%', 'ready-timeout': '5s' },
      });
      await lab.sh('wsgictl apply');
      await whole(lab, PROCESSES, 'applied');
    }

    async function roll(): Promise<void> {
      await deploy(lab, ++deployed, { importDelay: 0.1 });
      await lab.sh(deployed % 2 === 0 ? 'wsgictl apply' : 'systemctl reload wsgi-app.target');
    }

    async function pids(): Promise<string[]> {
      return (await statusOf(lab)).workers.map(({ pid }) => String(pid));
    }

    async function checked(): Promise<string> {
      const { stdout, stderr } = await lab.run(['wsgictl', 'check', 'shop']);
      return stdout + stderr;
    }

    it('C11: the hooks are called once in each worker, in order, through rolls; check names those that never are', async () => {
      await applied();
      const seen = new Map<string, boolean>();
      for (let count = 0; count < 2; count++) {
        for (const pid of await pids()) seen.set(pid, false);
        await roll();
        await whole(lab, PROCESSES, `roll ${count + 1}`);
      }
      const [killed = '', ...rest] = await pids();
      await lab.sh(`kill -9 ${killed}`);
      await lab.waitFor('it is back', async () => (await statusOf(lab)).workers.every(({ phase, pid }) => phase === 'ready' && String(pid) !== killed));
      for (const pid of await pids()) seen.set(pid, true);
      for (const pid of rest) seen.set(pid, true);
      for (const [pid, alive] of seen) {
        const hooks = (await lab.read(`/srv/shop/files/hooks-${pid}`)).trim().split('\n');
        // One that was killed could call nothing; child_exit, the next one has called for it.
        assert.deepEqual(hooks, alive ? BORN : pid === killed ? [...BORN, 'child_exit'] : [...BORN, ...GONE], `pid ${pid}`);
      }
      assert.equal((await lab.sh('ls /srv/shop/files | grep -c hooks-')).trim(), String(3 * PROCESSES + 1));
      assert.match(await lab.journal(['-u', 'wsgi-worker-shop-*']), /hook post_worker_init/);
      const said = await checked();
      for (const hook of ['on_starting', 'when_ready', 'on_exit', 'worker_int', 'worker_abort', 'nworkers_changed', 'pre_exec']) {
        assert.equal(said.split('\n').filter((line) => line.includes(`${hook} is never called`)).length, 1, said);
      }
      assert.match(said, /preload_app is ignored/);
    });

    it('A7: the socket file outlives rolls, max-requests and signals, and a bind to its own path', async (t) => {
      await applied({ 'max-requests': LIFE });
      assert.match(await checked(), /bind is ignored/);
      const restarted = async (): Promise<number> => Number(await lab.sh('systemctl show -P NRestarts wsgi-worker-shop-*@1.service'));
      const inode = async (): Promise<string> => lab.sh(`stat -c %i ${SOCKET}`);
      const first = await inode();
      const load = startLoad(lab, { fast: 16, pauseMs: 100 });
      await load.started();
      const rolls = LONG ? 20 : 1;
      for (let count = 0; count < rolls; count++) {
        await roll();
        assert.equal(await inode(), first, `roll ${count + 1}`);
      }
      const restarts = await restarted();
      for (const signal of ['TERM', 'INT', 'QUIT']) {
        let pid = '';
        // Any of them may be about to leave for max-requests, or be between two processes: then its pid is 0.
        await lab.waitFor(`a worker takes SIG${signal}`, async () => {
          pid = (await lab.run(['bash', '-euc', `pid=$(systemctl show -P MainPID wsgi-worker-shop-*@1.service); test "$pid" -gt 0; kill -${signal} "$pid"; echo "$pid"`])).stdout.trim();
          return pid !== '';
        });
        await lab.waitFor(`another one after SIG${signal}`, async () => !(await pids()).includes(pid));
        await wait(500);
        assert.equal(await inode(), first, signal);
      }
      // One restart for each signal, and the others for max-requests.
      const enough = LIFE * PROCESSES * 2;
      await lab.waitFor('workers have left for max-requests, too', async () => (await load.report()).requests > enough && (await restarted()) > restarts + 3, 60_000);
      const report = await lossless(load);
      assert.ok(report.requests > enough, 'nobody reached max-requests');
      assert.ok((await restarted()) > restarts);
      t.diagnostic(`${release}: ${rolls} rolls, ${report.requests} requests, ${report.failed} failed, longest gap ${report.longestGap} ms`);
    });
  });
}
