// wsgictl from `npm install -g` instead of the Debian package. Only in the long run: npm asks its registry.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configure, deploy } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { LONG, whole } from './whole.js';

const TREE = fileURLToPath(new URL('../../..', import.meta.url));
const PROCESSES = 2;
const WRITTEN = 'units that all apps share: written to /etc/systemd/system';

for (const release of LONG ? RELEASES : []) {
  describe(`npm install -g on ${release}`, { timeout: 900_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'wsgictl-npm-'));
    let lab: Lab;
    before(async () => {
      // Other tests use what is built: it is packed as it is.
      const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
      const archive = execFileSync('npm', pack, { cwd: TREE, encoding: 'utf8' }).trim();
      execFileSync('npm', ['install', '--silent', '--prefer-offline', '--global', '--prefix', join(folder, 'local'), join(folder, archive)]);
      lab = await Lab.boot(release, { install: false });
      const files = execFileSync('tar', ['-C', join(folder, 'local'), '-c', '.'], { maxBuffer: 100_000_000 });
      execFileSync('tar', ['-C', join(lab.root, 'usr/local'), '--no-same-owner', '-x'], { input: files });
    });
    after(async () => {
      rmSync(folder, { recursive: true });
      await lab.stop();
    });

    it('the first apply says that it writes the units, and does; then all works', async () => {
      assert.match(await lab.sh('wsgictl status'), /^there are no apps/);
      await deploy(lab, 1, { importDelay: 0 });
      await configure(lab, { workers: { processes: PROCESSES }, reload: { settle: '200ms' } });
      assert.match((await lab.run(['wsgictl', 'start', 'shop'])).stderr, /wsgictl apply shop/);
      assert.equal(await lab.sh('wsgictl apply --dry-run'), `shop: new\n${WRITTEN}\n`);
      assert.equal(await lab.exists('/etc/systemd/system/wsgi-app.target'), false);
      assert.ok((await lab.sh('wsgictl apply', { timeout: 120_000 })).startsWith(`shop: new\n${WRITTEN}\n`));
      await lab.sh('systemctl reload wsgi-app.target', { timeout: 120_000 });
      await whole(lab, PROCESSES, 'reloaded');
      assert.match(await lab.sh('wsgictl apply'), /^nothing to do/);
    });

    it('after an upgrade, apply brings the units up to date and touches no app', async () => {
      const unit = '/etc/systemd/system/wsgi-app@.service';
      const text = await lab.read(unit);
      const { workers } = await whole(lab, PROCESSES, 'before');
      await lab.write(unit, text.replace('RestartSec=2', 'RestartSec=3'));
      await lab.sh('systemctl daemon-reload');
      assert.equal(await lab.sh('wsgictl apply'), `${WRITTEN}\n`);
      assert.equal(await lab.read(unit), text);
      assert.equal(await lab.sh('systemctl show -P NeedDaemonReload wsgi-app@shop'), 'no\n');
      assert.deepEqual((await whole(lab, PROCESSES, 'after')).workers, workers);
    });
  });
}
