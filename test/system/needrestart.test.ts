// What becomes of workers that use an upgraded library, with Debian's own needrestart and apt.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configure, deploy } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { installPackages } from '../lab/packages.js';
import { lossless } from './rolls.js';
import { LONG, statusOf, whole } from './whole.js';

const SETTINGS = fileURLToPath(new URL('../../../packaging/needrestart/wsgictl.conf', import.meta.url));
const PROCESSES = 3;
/** As dpkg upgrades a library: another file of that name. gunicorn has libssl in every worker. */
const UPGRADE = 'library=$(readlink -f /usr/lib/*/libssl.so.3); cp -a "$library" "$library.new"; mv "$library.new" "$library"';
const LISTED = /^ systemctl reload --no-block wsgi-app@shop\.service$/m;

for (const release of LONG ? RELEASES : []) {
  describe(`needrestart on ${release}`, { timeout: 400_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await installPackages(lab, ['needrestart']);
      await lab.write('/etc/needrestart/conf.d/wsgictl.conf', readFileSync(SETTINGS, 'utf8'));
      const control = 'Package: fix\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a fix\n';
      await lab.write('/srv/fix/DEBIAN/control', control);
      await lab.write('/srv/fix/DEBIAN/postinst', `#!/bin/sh\nset -e\n${UPGRADE}\n`, 0o755);
      await lab.sh('dpkg-deb --root-owner-group --build /srv/fix /srv/fix.deb');
      await deploy(lab, 1, { importDelay: 0.3 });
      await configure(lab, { workers: { processes: PROCESSES }, reload: { settle: '300ms' } });
      await lab.sh('wsgictl apply', { timeout: 120_000 });
    });
    after(async () => lab.stop());

    const needrestart = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await lab.run(['needrestart', '-l', ...args], { timeout: 60_000 });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /wsgictl\.conf|redefined|prototype/i);
      return stdout;
    };
    const generation = async (): Promise<number> => (await statusOf(lab)).generation ?? 0;

    /** Under load, `act` makes one roll, which takes all workers to the new library. */
    const rollsOnce = async (t: TestContext, act: () => Promise<string>): Promise<void> => {
      const before = await generation();
      const load = startLoad(lab, { fast: 8, pauseMs: 20, slow: [{ path: '/file?2', clients: 1 }] });
      await load.started();
      const said = await act();
      assert.equal(said.match(new RegExp(LISTED, 'gm'))?.length, 1, said);
      assert.doesNotMatch(said, /restart wsgi-/);
      await lab.waitFor('the roll is over', async () => {
        const { generation: now } = await statusOf(lab);
        return now !== before && (await lab.sh('systemctl is-active wsgi-app@shop || true')).trim() === 'active';
      }, 90_000);
      await whole(lab, PROCESSES, 'after the roll');
      assert.equal((await lab.sh('systemctl list-jobs --no-legend')).trim(), '');
      assert.equal(await generation(), before + 1);
      assert.doesNotMatch(await needrestart('-b'), /wsgi/, 'nobody uses the old library');
      const { requests } = await lossless(load);
      t.diagnostic(`${release}: ${requests} requests, 0 failed`);
    };

    it('it finds nothing to do at first, and a list is a list', async () => {
      assert.doesNotMatch(await needrestart('-b'), /wsgi/);
      const before = await generation();
      await lab.sh(UPGRADE);
      assert.match(await needrestart('-b'), /NEEDRESTART-SVC: wsgi-worker-shop-\d+@1\.service/);
      assert.match(await needrestart('-r', 'l'), LISTED);
      await lab.write('/etc/needrestart/conf.d/zz-admin.conf', '$nrconf{override_rc}->{qr(^wsgi-worker-)} = 0;\n');
      assert.match(await needrestart('-r', 'a'), LISTED);
      assert.match(await needrestart(), LISTED);
      await lab.sh('rm /etc/needrestart/conf.d/zz-admin.conf');
      assert.equal((await lab.sh('systemctl list-jobs --no-legend')).trim(), '');
      assert.equal(await generation(), before);
    });

    it('its automatic mode reloads the app once, without loss', async (t) => {
      await rollsOnce(t, async () => needrestart('-r', 'a'));
    });

    it('so does an unattended upgrade, where it would only list', async (t) => {
      const apt = async (): Promise<string> => lab.sh('apt-get install --yes /srv/fix.deb 2>/dev/null', {
        timeout: 120_000, env: { DEBIAN_FRONTEND: 'noninteractive' },
      });
      await rollsOnce(t, apt);
    });
  });
}
