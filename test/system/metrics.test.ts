// prometheus_client's multiprocess mode as its documentation has it, through kills, rolls and a restart. Only in the long
// run: it downloads the package.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { installPackages } from '../lab/packages.js';
import { LONG, statusOf, whole } from './whole.js';

const CONFIG = '/srv/shop/gunicorn.conf.py';
const HOOK = `
from prometheus_client import multiprocess

def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
`;
const APP = `
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, multiprocess
REQUESTS = Counter("shop_requests", "all of them")
ALIVE = Gauge("shop_alive", "workers", multiprocess_mode="livesum")
ALIVE.set(1)

def application(environ, start_response):
    if environ["PATH_INFO"] == "/metrics":
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        data = generate_latest(registry)
    else:
        REQUESTS.inc()
        data = b"counted\\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(data)))])
    return [data]
`;

for (const release of LONG ? RELEASES : []) {
  describe(`prometheus_client on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await installPackages(lab, ['python3-prometheus-client']);
    });
    after(async () => lab.stop());

    const ask = (path: string): Promise<string> => lab.sh(`curl -s --max-time 30 --unix-socket /run/wsgi/shop.sock http://localhost${path}`);

    async function metrics(): Promise<{ requests: number; alive: number }> {
      const text = await ask('/metrics');
      const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
      return { requests: value('shop_requests_total'), alive: value('shop_alive') };
    }

    async function made(number: number): Promise<void> {
      await deploy(lab, number, { importDelay: 0 });
      await lab.write(`/srv/shop/releases/${number}/metrics.py`, APP, 0o644);
    }

    it('counters go on, and of gauges only those of the living count', async () => {
      await made(1);
      await lab.write(CONFIG, HOOK, 0o644);
      await configure(lab, {
        app: { module: 'metrics', 'gunicorn-config': CONFIG }, workers: { processes: 3 }, reload: { settle: '200ms', 'ready-timeout': '60s' },
        health: { 'warm-up': null }, environment: { PROMETHEUS_MULTIPROC_DIR: '/run/shop-metrics' },
        service: { RuntimeDirectory: 'shop-metrics', RuntimeDirectoryPreserve: 'yes' },
      });
      await lab.sh('wsgictl apply', { timeout: 180_000 });
      for (let count = 0; count < 30; count++) assert.equal(await ask('/'), 'counted\n');
      assert.deepEqual(await metrics(), { requests: 30, alive: 3 });

      const pids = (await statusOf(lab)).workers.map(({ pid }) => pid);
      await lab.sh(`kill -9 ${pids[0]}`);
      await lab.waitFor('it is back', async () => (await statusOf(lab)).workers.every(({ phase, pid }) => phase === 'ready' && pid !== pids[0]));
      assert.deepEqual(await metrics(), { requests: 30, alive: 3 }, 'after kill -9');
      await lab.sh(`kill -TERM ${pids[1]}`);
      await lab.waitFor('it is replaced', async () => (await statusOf(lab)).workers.every(({ phase, pid }) => phase === 'ready' && pid !== pids[1]));
      assert.deepEqual(await metrics(), { requests: 30, alive: 3 }, 'after SIGTERM');

      await made(2);
      await lab.sh('wsgictl apply; wsgictl restart shop', { timeout: 180_000 });
      await whole(lab, 3, 'restarted');
      assert.equal(await ask('/'), 'counted\n');
      assert.deepEqual(await metrics(), { requests: 31, alive: 3 }, 'after a roll and a restart');
    });
  });
}
