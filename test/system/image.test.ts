// `--root`: the files of another system, and what comes of them when it boots.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { OLDEST } from './whole.js';

/** The lab's own disk, seen as that of a machine that is not running. */
const IMAGE = 'mkdir -p /img; mount --bind / /img';

for (const release of OLDEST) {
  describe(`another root on ${release}`, { timeout: 300_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await lab.sh(IMAGE);
    });
    after(async () => lab.stop());

    it('apply makes its apps start at the next boot, and leaves the running systemd alone', async () => {
      await deploy(lab, 1, { importDelay: 0 });
      await configure(lab);
      const applied = await lab.run(['wsgictl', '--root', '/img', 'apply']);
      assert.equal(applied.code, 0, applied.stderr);
      assert.match(applied.stdout, /shop: starts at the next boot of \/img/);
      assert.equal((await lab.sh('systemctl list-units --all --no-legend "wsgi-*"')).trim(), '');
      await lab.reboot();
      assert.equal((await lab.run(['wsgictl', 'status'])).code, 0);
      assert.match(await lab.sh('curl -s --unix-socket /run/wsgi/shop.sock http://localhost/who'), /releases\/1/);
    });

    it('apply is for an image with the package, too, whatever wsgictl is here; and for a chroot without /proc', async () => {
      const image = `mkdir -p /srv/image/etc/wsgictl /srv/image/usr/lib/systemd/system /srv/image/srv
        cp -r /etc/wsgictl/apps.d /srv/image/etc/wsgictl/apps.d; cp /etc/passwd /etc/group /srv/image/etc/; cp -r /srv/shop /srv/image/srv/shop
        mkdir -p /srv/image/usr/bin; cp /usr/bin/true /srv/image/usr/bin/python3
        cp /etc/systemd/system/wsgi-[ar]* /srv/image/usr/lib/systemd/system/ 2>/dev/null || true`;
      await lab.sh(image);
      assert.match(await lab.sh('wsgictl --root /srv/image apply shop'), /shop: starts at the next boot of \/srv\/image/);
      await lab.sh('test -L /srv/image/etc/systemd/system/wsgi-app.target.wants/wsgi-app@shop.service');
      const chroot = await lab.run(['unshare', '--mount', 'sh', '-c', 'umount -l /proc; wsgictl --root / check shop']);
      assert.equal(chroot.code, 0, chroot.stderr);
      assert.match(chroot.stdout, /shop: the file is fine/);
    });

    it('what needs a running systemd says so', async () => {
      await lab.sh(IMAGE);
      for (const verb of ['reload', 'stop', 'start', 'status', 'remove']) {
        const refused = await lab.run(['wsgictl', '--root', '/img', verb, 'shop']);
        assert.notEqual(refused.code, 0, verb);
        assert.match(refused.stderr, /\/img has no running systemd/, verb);
      }
      assert.equal((await lab.run(['wsgictl', 'status'])).code, 0);
    });
  });
}
