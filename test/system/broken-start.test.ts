// Workers that crash and starts that start nothing: A1, B9, 6.5.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { l16, startLoad } from '../lab/load.js';
import { LONG, OLDEST, statusOf, whole } from './whole.js';

const PROCESSES = LONG ? 4 : 3;
const CRASHES_MS = LONG ? 30_000 : 5_000;
const QUICK = LONG ? {} : { reload: { settle: '200ms' } };

for (const release of OLDEST) {
  describe(`what does not run on ${release}`, { timeout: 3_600_000 }, () => {
    let lab: Lab;

    before(async () => {
      lab = await Lab.boot(release);
      await configure(lab, { workers: { processes: PROCESSES }, ...QUICK });
      await configure(lab, { workers: { processes: 2 }, ...QUICK }, 'blog');
      await deploy(lab, 1, { importDelay: 0 });
      await deploy(lab, 1, { app: 'blog', importDelay: 0 });
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    const LIVE = 'systemctl is-active wsgi-app@blog wsgi-app@blog.socket && curl -sf --unix-socket /run/wsgi/blog.sock http://localhost/fast';
    const newest = (): Promise<string> => lab.sh('curl -s --unix-socket /run/wsgi/shop.sock -o /dev/null -D - http://localhost/fast | sed -n "s/^X-Release: \\([^[:cntrl:]]*\\).*/\\1/p"');

    it('A1, 6.5: a crash-looping worker harms neither the socket nor its siblings, and comes back by itself', async (t) => {
      const socket = (): Promise<string> => lab.sh('systemctl is-active wsgi-app@shop.socket; stat -c %i /run/wsgi/shop.sock');
      const was = await socket();
      const pid = async (index: number): Promise<number> =>
        Number(await lab.sh(`systemctl show -P MainPID "$(systemctl list-units --plain --no-legend --all 'wsgi-worker-shop-*@${index}.service' | awk '{print $1}')"`));
      await lab.write('/srv/shop/crash-worker', '2', 0o644);
      const load = startLoad(lab, LONG ? l16(2) : { fast: 4, pauseMs: 20, slow: [{ path: '/file?1', clients: 1 }] });
      await load.started();
      await lab.run(['bash', '-c', 'systemctl restart "wsgi-worker-shop-*@2.service"']);
      for (const end = Date.now() + CRASHES_MS; Date.now() < end; await wait(500)) assert.equal(await socket(), was);
      const looping = await statusOf(lab);
      assert.equal(looping.code, 1);
      assert.match(looping.notes.join('\n'), /worker 2 was restarted \d+ times|2 of 3 workers are ready|3 of 4 workers are ready/);
      await lab.sh('rm /srv/shop/crash-worker');
      const sibling = await pid(1);
      const before = await load.report();
      assert.deepEqual(before.failures.slice(0, 5), []);
      await lab.sh(`kill -9 ${sibling}`);
      await lab.waitFor('both are back', async () => {
        const { workers } = await statusOf(lab);
        return workers.length === PROCESSES && workers.every(({ phase, pid: now }) => phase === 'ready' && now !== sibling);
      }, 60_000);
      const { requests } = await load.stop();
      t.diagnostic(`${release}: ${requests} requests`);
      assert.equal(await socket(), was);
      const { workers } = await whole(lab, PROCESSES, 'after the crashes');
      for (const worker of workers) assert.match(await lab.sh(`tr '\\0' '\\n' </proc/${worker.pid}/environ`), /^LISTEN_FDS=1$/m);
    });

    it('B9: a start that starts nothing says so, harms no other app, and is mended by one command', async () => {
      await lab.sh('systemctl stop wsgi-app@shop');
      await deploy(lab, 1, { importDelay: 0, broken: 'import' });
      assert.notEqual((await lab.run(['systemctl', 'start', 'wsgi-app@shop'])).code, 0);
      const started = await lab.run(['wsgictl', 'start', 'shop']);
      assert.equal(started.code, 1, started.stdout);
      assert.match(started.stderr, /RuntimeError: release 1 is broken: it cannot be imported/);
      // Also while systemd tries again.
      for (const end = Date.now() + 4_000; Date.now() < end; await wait(300)) {
        const { code, notes, active } = await statusOf(lab);
        assert.equal(code, 1, active);
        assert.match(notes.join('\n'), /the last start failed/);
      }
      await lab.sh(LIVE);
      await deploy(lab, 1, { importDelay: 0 });
      await lab.sh('wsgictl start shop');
      await whole(lab, PROCESSES, 'mended by a start');
    });

    it('B9: the same after a reboot, mended by an apply of a good release', async () => {
      await deploy(lab, 1, { importDelay: 0, broken: 'import' });
      await lab.write('/etc/systemd/system/wsgi-app@shop.service.d/slow.conf', '[Service]\nExecStopPost=/bin/sleep 2\n', 0o644);
      await lab.powerCut();
      await lab.reboot({ settled: false });
      await lab.waitFor('the other app is up', async () => (await lab.run(['bash', '-c', LIVE])).code === 0);
      await lab.waitFor('it has failed', async () => /failed/.test((await statusOf(lab)).notes.join('\n')));
      assert.equal((await statusOf(lab)).code, 1);
      await deploy(lab, 2, { importDelay: 0 });
      // Between two attempts, systemd calls the unit neither active nor activating.
      await lab.waitFor('the end of an attempt', async () => (await statusOf(lab)).active === 'deactivating');
      const applied = await lab.run(['wsgictl', 'apply', 'shop']);
      assert.equal(applied.code, 0, applied.stdout + applied.stderr);
      await lab.sh('rm /etc/systemd/system/wsgi-app@shop.service.d/slow.conf; systemctl daemon-reload');
      await whole(lab, PROCESSES, 'mended by an apply');
      assert.equal(await newest(), '2\n');
      await whole(lab, 2, 'the other app', 'blog');
    });

    it('B9: an apply of a stopped app, then a start of which only the old generation runs: it serves, and all say so', async () => {
      await lab.sh('wsgictl stop shop');
      await deploy(lab, 3, { importDelay: 0, broken: 'import' });
      const applied = await lab.run(['wsgictl', 'apply', 'shop']);
      assert.equal(applied.code, 0);
      assert.match(applied.stdout, /is stopped and stays so/);
      const started = await lab.run(['wsgictl', LONG ? 'start' : 'restart', 'shop']);
      assert.equal(started.code, 4, started.stdout + started.stderr);
      assert.match(started.stderr, /RuntimeError: release 3 is broken/);
      assert.equal(await newest(), '2\n');
      const status = await statusOf(lab);
      assert.deepEqual([status.code, status.active, status.workers.length], [1, 'active', PROCESSES]);
      assert.match(status.notes.join('\n'), /the last roll failed: worker 1 of generation \d+ could not load the app[^]*changed since generation \d+: wsgictl apply/);
    });

    it('a worker that systemd does not try again is said to have failed, not to have been stopped', async () => {
      await deploy(lab, 4, { importDelay: 0 });
      await lab.write('/srv/shop/releases/4/app.py', 'import os\nos._exit(78)\n', 0o644);
      const applied = await lab.run(['wsgictl', 'apply', 'shop']);
      assert.equal(applied.code, 4, applied.stdout + applied.stderr);
      assert.match(applied.stdout, /rolled back: worker 1 of generation \d+ got no socket to listen on \(exit status 78\)/);
    });

    it('a scaling whose new workers do not start is undone: the others serve, exit code 4', async () => {
      await deploy(lab, 4, { importDelay: 0 });
      await lab.sh('wsgictl apply shop');
      await whole(lab, PROCESSES, 'before the scaling');
      await lab.write('/srv/shop/crash-worker', String(PROCESSES + 1), 0o644);
      await configure(lab, { workers: { processes: PROCESSES + 1 }, ...QUICK });
      const applied = await lab.run(['wsgictl', 'apply', 'shop']);
      assert.equal(applied.code, 4, applied.stdout + applied.stderr);
      await lab.sh('rm /srv/shop/crash-worker; wsgictl apply shop');
      await whole(lab, PROCESSES + 1, 'scaled');
    });
  });
}
