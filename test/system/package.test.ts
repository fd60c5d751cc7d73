// The Debian package, installed, upgraded, removed and purged. Only in the long run: building it needs tools that
// `npm test` does not put on a machine.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configure, deploy } from '../lab/fixture.js';
import { Lab, RELEASES, type Release } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { LONG, statusOf, whole } from './whole.js';

const TREE = fileURLToPath(new URL('../../..', import.meta.url));
const PROCESSES = 2;

/** The next version: another static unit, another runner. It stands for whatever an upgrade may bring. */
const NEXT = `
  dpkg-deb --raw-extract wsgictl.deb next
  sed -i 's/^Version: .*/Version: 99/' next/DEBIAN/control
  sed -i 's/^RestartSec=2$/RestartSec=3/' next/lib/systemd/system/wsgi-app@.service
  echo '# 99' >>next/usr/lib/wsgictl/worker/_wsgictl_loop.py
  rm next/DEBIAN/md5sums
  dpkg-deb --root-owner-group --build next next.deb
`;

/** One as it was when the group had a polkit rule, and no socket. */
const EARLIER = `
  dpkg-deb --raw-extract wsgictl.deb earlier
  sed -i 's/^Version: .*/Version: 0.0.1/' earlier/DEBIAN/control
  rm earlier/lib/systemd/system/wsgi-request* earlier/usr/lib/sysusers.d/wsgictl.conf earlier/DEBIAN/md5sums
  sed -i 's/ wsgi-request.socket//' earlier/lib/systemd/system/wsgi-app.target
  sed -i 's/^.*\\(systemd-sysusers\\|wsgi-request\\).*/:/' earlier/DEBIAN/postinst earlier/DEBIAN/prerm
  install -D /dev/null earlier/usr/share/polkit-1/rules.d/50-wsgictl.rules
  dpkg-deb --root-owner-group --build earlier earlier.deb
`;

const packages = mkdtempSync(join(tmpdir(), 'wsgictl-package-'));

/** Builds the package on this machine, which gets the tools for that, and the next version of it. */
function build(): void {
  execFileSync(process.execPath, ['packaging/deb.mjs'], {
    cwd: TREE, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEB_BUILD_OPTIONS: 'nocheck' },
  });
  const [name] = readdirSync(join(TREE, 'packaging/out')).filter((file) => file.endsWith('_all.deb'));
  copyFileSync(join(TREE, 'packaging/out', name as string), join(packages, 'wsgictl.deb'));
  execFileSync('bash', ['-euc', NEXT + EARLIER], { cwd: packages, stdio: 'ignore' });
}

let built = false;
after(() => rmSync(packages, { recursive: true }));

async function machine(release: Release): Promise<Lab> {
  const lab = await Lab.boot(release, { install: false });
  for (const name of ['wsgictl.deb', 'next.deb', 'earlier.deb']) copyFileSync(join(packages, name), join(lab.root, 'srv', name));
  return lab;
}

for (const release of LONG ? RELEASES : []) {
  describe(`the package on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    before(async () => {
      if (!built) build();
      built = true;
      lab = await machine(release);
    });
    after(async () => lab.stop());

    const pids = async (): Promise<number[]> => (await statusOf(lab)).workers.map(({ pid }) => pid);
    const install = async (name: string): Promise<string> => lab.sh(`dpkg -i /srv/${name} 2>&1`, { timeout: 120_000 });

    it('a machine without apps takes it', async () => {
      await install('wsgictl.deb');
      assert.match(await lab.sh('wsgictl --version'), /^\d/);
      assert.equal((await lab.sh('systemctl list-units --all --no-legend "wsgi*"')).trim(), '');
      assert.equal(await lab.sh('systemd-analyze verify wsgi-app.target wsgi-app@x.service wsgi-app@x.socket 2>&1'), '');
      assert.match(await lab.sh('dpkg -L wsgictl'), /man1\/wsgictl\.1\.gz[^]*man5\/wsgictl\.ini\.5\.gz[^]*man7\/wsgi-app\.7\.gz/);
      assert.match(await lab.sh("dpkg-query --show --showformat='${Conffiles}' wsgictl"), /\/etc\/needrestart\/conf\.d\/wsgictl\.conf/);
    });

    it('I1: an upgrade and a downgrade under load touch no worker', async (t) => {
      await deploy(lab, 1, { importDelay: 0.3 });
      await configure(lab, { workers: { processes: PROCESSES }, reload: { settle: '300ms' } });
      await lab.sh('wsgictl apply', { timeout: 60_000 });
      assert.equal((await lab.sh('find /etc/systemd/system -name "wsgi-app*" -type f')).trim(), '', 'the package has these units');
      const load = startLoad(lab, { pauseMs: 5, slow: [{ path: '/file?2', clients: 1 }] });
      await load.started();
      const workers = await pids();
      await install('next.deb');
      assert.equal((await lab.sh('systemctl show -P RestartUSec wsgi-app@shop')).trim(), '3s');
      assert.deepEqual(await pids(), workers);
      await whole(lab, PROCESSES, 'after the upgrade');
      await lab.sh('wsgictl reload shop', { timeout: 60_000 });
      const { generation } = await whole(lab, PROCESSES, 'after a reload by the new version');
      assert.match(await lab.sh(`grep -c 99 "$(sed -n 's,^ExecStart=[^ ]* \\([^ ]*\\) .*,\\1,p' /etc/systemd/system/wsgi-worker-shop-${generation}@.service)/_wsgictl_loop.py"`), /^1/);
      await install('wsgictl.deb');
      await whole(lab, PROCESSES, 'after the downgrade');
      const { requests, failed, failures } = await load.stop();
      t.diagnostic(`${release}: ${requests} requests, ${failed} failed`);
      assert.deepEqual(failures.slice(0, 3), []);
    });

    it('I1: an upgrade in the middle of a roll loses nothing, and the roll comes to its end', async (t) => {
      const load = startLoad(lab, { pauseMs: 5 });
      await load.started();
      await deploy(lab, 2, { importDelay: 3 });
      await lab.sh('systemctl reload --no-block wsgi-app@shop; sleep 1');
      await install('next.deb');
      await lab.waitFor('the roll ends', async () => (await lab.sh('systemctl is-active wsgi-app@shop || true')).trim() === 'active', 60_000);
      await whole(lab, PROCESSES, 'after the roll');
      assert.match(await lab.sh('curl -s --unix-socket /run/wsgi/shop.sock http://localhost/who'), /"release": "2"/);
      const { requests, failed, failures } = await load.stop();
      t.diagnostic(`${release}: ${requests} requests, ${failed} failed`);
      assert.deepEqual(failures.slice(0, 3), []);
    });

    it('an upgrade from the version with a polkit rule takes that away, and lets the group ask root', async () => {
      await install('earlier.deb');
      await lab.sh('systemctl stop wsgi-request.socket; groupdel wsgictl; test -e /usr/share/polkit-1/rules.d/50-wsgictl.rules');
      const before = await pids();
      await install('wsgictl.deb');
      assert.deepEqual(await pids(), before);
      assert.equal(await lab.exists('/usr/share/polkit-1/rules.d/50-wsgictl.rules'), false);
      await lab.sh('usermod --append --groups wsgictl alice');
      const { code, stderr } = await lab.run(['wsgictl', 'reload', 'shop'], { user: 'alice' });
      assert.equal(code, 0, stderr);
    });

    it('a removal drains and stops the apps, and keeps configuration and state; they come back with it', async () => {
      const slow = lab.run(['curl', '-s', '--unix-socket', '/run/wsgi/shop.sock', 'http://localhost/file?2']);
      await lab.waitFor('the request is begun', async () => (await lab.sh('ls /srv/shop/files')).split('\n').some((name) => name.startsWith('file-2-')));
      await lab.sh('dpkg --remove wsgictl 2>&1', { timeout: 60_000 });
      assert.match((await slow).stdout, /^file-2-/);
      assert.equal((await lab.run(['pgrep', '--full', '_wsgictl|/.runner/'])).stdout, '');
      assert.ok(await lab.exists('/etc/wsgictl/apps.d/shop.ini'));
      assert.ok(await lab.exists('/var/lib/wsgictl/shop/current'));
      await install('wsgictl.deb');
      await lab.waitFor('the app is back', async () => (await lab.run(['wsgictl', 'status'])).code === 0, 60_000);
      await whole(lab, PROCESSES, 'after it was installed again');
    });

    it('a purge leaves nothing', async () => {
      await lab.sh('dpkg --purge wsgictl 2>&1', { timeout: 60_000 });
      assert.equal((await lab.sh('find /etc /run /var/lib /usr/lib /usr/share /lib/systemd /sys/fs/cgroup/wsgi.slice \\( -name "wsgi-*" -o -name "*wsgictl*" -o -path "/run/wsgi*" \\) 2>/dev/null || true')).trim(), '');
      assert.equal((await lab.sh('systemctl list-units --all --no-legend "wsgi*"')).trim(), '');
    });

    it('it is installed and removed where systemd does not run', async () => {
      await lab.sh(`unshare --mount bash -euc 'mount -t tmpfs none /run; dpkg -i /srv/wsgictl.deb; wsgictl --version; dpkg --purge wsgictl' 2>&1`);
    });
  });
}
