// What dpkg does with packages of apps, and of wsgictl itself, when something goes wrong on the way or is unusual. Only in
// the long run, as all tests of packages.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deploy, configure } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { installPackage, packApp, snippet, type AppPackage } from './packages.js';
import { LONG, statusOf, whole } from './whole.js';

const PROCESSES = 2;
/** Another root, on the files of this machine: a copy of it, as after a move to another disk. */
const COPY = `
  mkdir -p /run/copy/upper /run/copy/work /mnt/copy
  mount -t overlay overlay -o lowerdir=/,upperdir=/run/copy/upper,workdir=/run/copy/work /mnt/copy
  for folder in dev proc sys run; do mount --rbind /$folder /mnt/copy/$folder; mount --make-rprivate /mnt/copy/$folder; done
`;
const UNCOPY = 'for folder in dev proc sys run; do umount -l /mnt/copy/$folder; done; umount -l /mnt/copy';
/** As an installation by npm, which brings its own units. */
const NPM = `
  mkdir -p /usr/local/lib/node_modules/wsgictl
  cp -r /usr/lib/wsgictl /usr/local/lib/node_modules/wsgictl/dist
  rm /usr/local/lib/node_modules/wsgictl/dist/templates
  cp -r /usr/share/wsgictl/templates /usr/local/lib/node_modules/wsgictl/dist/templates
  ln -s ../lib/node_modules/wsgictl/dist/wsgictl.cjs /usr/local/bin/wsgictl
`;

for (const release of LONG ? RELEASES : []) {
  describe(`packages that meet trouble on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
      await installPackage(lab);
    });
    after(async () => lab.stop());

    const dpkg = async (action: string, packages: readonly AppPackage[] = []): Promise<{ code: number; said: string }> => {
      const files: string[] = [];
      for (const one of packages) files.push(await packApp(lab, one));
      const { code, stdout, stderr } = await lab.run(['sh', '-c', `dpkg ${action} ${files.join(' ')}`], { timeout: 180_000 });
      return { code, said: stdout + stderr };
    };
    const serves = async (app: string, version: number, when: string): Promise<void> => {
      const said = await lab.sh(`curl -s --max-time 20 --unix-socket /run/wsgi/${app}.sock http://localhost/who || true`);
      assert.match(said, new RegExp(`"release": "${version}"`), when);
    };
    const isActive = async (unit: string): Promise<string> => (await lab.run(['systemctl', 'is-active', unit])).stdout.trim();

    const wiki = (version: number, more: Partial<AppPackage> = {}): AppPackage =>
      ({ name: 'wiki', version, postinst: 'test -e /srv/schema\n', triggers: 'activate-noawait /usr/share/wsgictl/apps.d\n', ...more });

    it('what is not configured is not rolled out, and is when it is', async () => {
      await lab.sh('touch /srv/schema');
      assert.equal((await dpkg('-i', [wiki(1)])).code, 0);
      await whole(lab, PROCESSES, 'installed', 'wiki');
      await lab.sh('rm /srv/schema');
      const { code, said } = await dpkg('-i', [wiki(2)]);
      assert.notEqual(code, 0);
      assert.match(said, /wiki: its package wiki is half-configured, so nothing is done yet/);
      await serves('wiki', 1, 'half-configured');
      const { code: needs, notes } = await statusOf(lab, 'wiki');
      assert.equal(needs, 1);
      assert.match(notes.join('\n'), /its package wiki is half-configured: dpkg --configure wiki/);
      await lab.sh('systemctl restart wsgi-app@wiki', { timeout: 60_000 });
      await serves('wiki', 1, 'half-configured, and restarted');
      await lab.sh('touch /srv/schema; dpkg --configure wiki', { timeout: 60_000 });
      await serves('wiki', 2, 'configured');
      await whole(lab, PROCESSES, 'configured', 'wiki');
    });

    it('a package that takes the place of another one has the app go on', async () => {
      const rival = (name: string, version: number): AppPackage => ({
        name: 'shop', version, package: name, prerm: snippet('prerm', 'shop'), postinst: snippet('postinst', 'shop'),
        control: name === 'shop-sqlite' ? 'Conflicts: shop-pgsql\nReplaces: shop-pgsql\n' : 'Conflicts: shop-sqlite\nReplaces: shop-sqlite\n',
      });
      await dpkg('-i', [rival('shop-sqlite', 1)]);
      await whole(lab, PROCESSES, 'the first', 'shop');
      const { code, said } = await dpkg('-i', [rival('shop-pgsql', 2)]);
      assert.equal(code, 0, said);
      await serves('shop', 2, 'its rival');
      await whole(lab, PROCESSES, 'its rival', 'shop');
      await lab.sh('wsgictl stop shop', { timeout: 60_000 });
      assert.equal((await dpkg('-i', [rival('shop-sqlite', 3)])).code, 0);
      assert.equal(await isActive('wsgi-app@shop'), 'inactive', 'it was stopped by hand');
      await lab.sh('wsgictl start shop', { timeout: 60_000 });
      await serves('shop', 3, 'started by hand');
    });

    it('in a chroot that has /run bound in, nothing of this machine is touched', async () => {
      const before = await statusOf(lab, 'shop');
      await lab.sh(COPY);
      try {
        const inCopy = async (command: string): Promise<string> => lab.sh(`chroot /mnt/copy sh -euc '${command}' 2>&1`, { timeout: 120_000 });
        assert.doesNotMatch(await inCopy('dpkg --remove shop-sqlite'), /drains/);
        assert.equal(await lab.exists('/mnt/copy/etc/systemd/system/wsgi-app.target.wants/wsgi-app@shop.service'), false);
        await inCopy(`dpkg -i ${await packApp(lab, wiki(3))}`);
        assert.match((await lab.run(['chroot', '/mnt/copy', 'wsgictl', 'stop', 'wiki'])).stderr, /this is a chroot/);
        await inCopy('dpkg --force-depends --purge wsgictl');
        assert.deepEqual((await statusOf(lab, 'shop')).workers, before.workers);
        await serves('wiki', 2, 'another root has another version');
        assert.equal(await lab.sh('systemctl is-enabled wsgi-app@shop'), 'enabled\n');
        assert.ok(await lab.exists('/run/wsgi/shop.sock'));
      } finally {
        await lab.sh(UNCOPY);
      }
    });

    it('what an image brought is what the next start runs; a rollback stays one', async () => {
      const image = (version: number): string => `
        sed -i 's/"release": *"[0-9]*"/"release":"${version}"/' /usr/share/wiki/release.json
        find /usr/share/wiki /usr/share/wsgictl/apps.d/wiki.ini -exec touch -d 2020-01-0${version} {} +`;
      await lab.sh(`${image(4)}; systemctl restart wsgi-app@wiki`, { timeout: 60_000 });
      await serves('wiki', 4, 'with a new image');
      await lab.sh('wsgictl rollback wiki; systemctl restart wsgi-app@wiki', { timeout: 60_000 });
      await serves('wiki', 2, 'rolled back');
    });

    it('a plugin that was the last one is missed', async () => {
      const plugin = '/srv/plugin/usr/share/wsgictl/apps.d/wiki.d/plugin';
      await lab.sh(`mkdir -p /srv/plugin/DEBIAN $(dirname ${plugin}); touch ${plugin}
        printf 'Package: plugin\\nVersion: 1\\nArchitecture: all\\nMaintainer: N <n@example.org>\\nDescription: p\\n' >/srv/plugin/DEBIAN/control
        dpkg-deb -Znone --build /srv/plugin /srv/plugin.deb; dpkg -i /srv/plugin.deb`, { timeout: 60_000 });
      const { generation } = await statusOf(lab, 'wiki');
      await lab.sh('dpkg --remove plugin', { timeout: 60_000 });
      assert.equal((await statusOf(lab, 'wiki')).generation, (generation ?? 0) + 1);
    });

    it('an administrator\'s lines for an app that is gone are no fault of the others', async () => {
      await lab.write('/etc/wsgictl/apps.d/wiki.ini', '[workers]\nprocesses = 3\n', 0o644);
      await lab.write('/etc/wsgictl/apps.d/masked.ini', '', 0o644);
      await lab.sh('dpkg --purge wiki', { timeout: 60_000 });
      for (const command of ['status', 'check', 'apply']) {
        const { code, stdout, stderr } = await lab.run(['wsgictl', command], { timeout: 60_000 });
        assert.equal(code, 0, `${command}: ${stdout}${stderr}`);
        assert.match(stdout + stderr, /wiki\.ini names nothing to run, and no package brings wiki.*rm \/etc\/wsgictl\/apps\.d\/wiki\.ini/, command);
      }
      await lab.sh('rm /etc/wsgictl/apps.d/wiki.ini /etc/wsgictl/apps.d/masked.ini');
    });

    it('where policy-rc.d forbids, a socket that is to change is left for apply', async () => {
      await lab.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755);
      await dpkg('-i', [{ name: 'shop', version: 4, package: 'shop-sqlite', sections: '[socket]\nlisten = /run/wsgi/other.sock\n[workers]\nprocesses = 2\n' }]);
      await lab.sh('systemctl daemon-reload');
      assert.equal(await lab.exists('/etc/systemd/system/wsgi-app@shop.socket.d/10-wsgictl.conf'), false);
      await lab.sh('wsgictl apply shop', { timeout: 60_000 });
      assert.match(await lab.sh('curl -s --unix-socket /run/wsgi/other.sock http://localhost/who'), /"release": "4"/);
      await whole(lab, PROCESSES, 'its socket moved', 'shop');
    });

    it('an installation that policy-rc.d keeps from starting apps does not start them later either', async () => {
      await lab.sh('dpkg --force-depends --remove wsgictl', { timeout: 60_000 });
      assert.equal(await isActive('wsgi-app@shop'), 'inactive');
      const { said } = await dpkg('-i /srv/wsgictl.deb');
      assert.match(said, /apps that ran before are left stopped/);
      await lab.sh('rm /usr/sbin/policy-rc.d; wsgictl start shop; wsgictl stop shop; dpkg -i /srv/wsgictl.deb', { timeout: 60_000 });
      assert.equal(await isActive('wsgi-app@shop'), 'inactive');
      await lab.sh('wsgictl start shop', { timeout: 60_000 });
    });

    it('wsgictl is removed, and drains, whatever is missing', async () => {
      await lab.sh('mv /var/lib/wsgictl /srv/state; systemctl mask --runtime wsgi-app-front.service');
      const { code, said } = await dpkg('--force-depends --remove wsgictl');
      assert.equal(code, 0, said);
      assert.equal(await isActive('wsgi-app@shop'), 'inactive');
      await lab.sh('systemctl unmask --runtime wsgi-app-front.service; rm -rf /var/lib/wsgictl; mv /srv/state /var/lib/wsgictl');
    });

    it('a purge leaves alone what another installation runs', async () => {
      await lab.sh('dpkg --purge shop-sqlite; rm -rf /var/lib/wsgictl /etc/systemd/system/wsgi-*; systemctl daemon-reload', { timeout: 60_000 });
      await lab.sh(`dpkg --force-depends --unpack /srv/wsgictl.deb; ${NPM.trim()}
dpkg --force-depends --remove wsgictl`, { timeout: 60_000 });
      await deploy(lab, 1, { importDelay: 0 });
      await configure(lab, { workers: { processes: PROCESSES } });
      await lab.sh('/usr/local/bin/wsgictl apply shop', { timeout: 60_000 });
      const { code, said } = await dpkg('--purge wsgictl');
      assert.equal(code, 0, said);
      assert.match(said, /another installation of wsgictl/);
      await lab.sh('test -e /etc/wsgictl/apps.d/shop.ini; test -e /var/lib/wsgictl/shop/current; test -S /run/wsgi/shop.sock');
      await serves('shop', 1, 'of npm');
    });
  });
}
