// The example of a package that brings an app, built as its packager would, and packages that dh_installwsgi makes. Only in
// the long run: that needs debhelper.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Lab, RELEASES } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { installPackage } from './packages.js';
import { LONG, remains, statusOf, whole } from './whole.js';

const EXAMPLE = fileURLToPath(new URL('../../../packaging/examples/hello-wsgi', import.meta.url));
const DEBHELPER = fileURLToPath(new URL('../../../packaging/debhelper', import.meta.url));
const VERSIONS = ['1.0', '1.1'];

/** Builds a version of it in a folder; the next one differs by its number only. */
function build(folder: string, version: string): void {
  const tree = join(folder, version, 'hello-wsgi');
  cpSync(EXAMPLE, tree, { recursive: true });
  for (const file of ['hello.py', 'debian/changelog']) {
    const text = readFileSync(join(tree, file), 'utf8');
    assert.match(text, /1\.0/);
    writeFileSync(join(tree, file), text.replace('1.0', version));
  }
  execFileSync('dpkg-buildpackage', ['--no-sign', '--build=binary'], { cwd: tree, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A source with two packages for dh_installwsgi: one brings the app `second`, the other code that `hello` loads. */
const CONTROL = `Source: others
Maintainer: Nobody <nobody@example.org>
Build-Depends: debhelper-compat (= 13)

Package: second
Architecture: all
Depends: \${misc:Depends}
Description: an app

Package: plugin
Architecture: all
Depends: \${misc:Depends}
Description: something that an app loads
`;

/** Builds those two as a machine would on which wsgictl is installed. */
function buildOthers(folder: string): void {
  const [tree, perl] = [join(folder, 'others'), join(folder, 'perl')];
  const write = (name: string, text: string): void => {
    mkdirSync(join(tree, 'debian'), { recursive: true });
    writeFileSync(join(tree, 'debian', name), text, { mode: name === 'rules' ? 0o755 : 0o644 });
  };
  write('control', CONTROL);
  write('changelog', 'others (1.0) UNRELEASED; urgency=medium\n\n  * A.\n\n -- Nobody <nobody@example.org>  Wed, 25 Nov 2026 07:46:17 +0000\n');
  write('rules', '#!/usr/bin/make -f\n%:\n\tdh $@ --with wsgictl\n');
  write('second.wsgi', readFileSync(join(EXAMPLE, 'hello.ini'), 'utf8'));
  write('plugin.wsgi-reloads', '# what loads it\nhello\n');
  cpSync(join(DEBHELPER, 'wsgictl.pm'), join(perl, 'Debian/Debhelper/Sequence/wsgictl.pm'), { recursive: true });
  const env = { ...process.env, DH_AUTOSCRIPTDIR: DEBHELPER, PATH: `${DEBHELPER}:${process.env['PATH']}`, PERL5LIB: perl };
  execFileSync('dpkg-buildpackage', ['--no-sign', '--build=binary'], { cwd: tree, env, stdio: ['ignore', 'ignore', 'pipe'] });
}

for (const release of LONG ? RELEASES : []) {
  describe(`the example package on ${release}`, { timeout: 900_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'wsgictl-example-'));
    let lab: Lab;
    before(async () => {
      if (spawnSync('dh', ['--version']).error !== undefined) {
        execFileSync('apt-get', ['install', '--yes', '--quiet=2', '--no-install-recommends', 'debhelper'], { stdio: 'ignore' });
      }
      VERSIONS.forEach((version) => build(folder, version));
      buildOthers(folder);
      lab = await Lab.boot(release, { install: false });
      for (const version of VERSIONS) {
        copyFileSync(join(folder, version, `hello-wsgi_${version}_all.deb`), join(lab.root, `srv/hello-${version}.deb`));
      }
      for (const name of ['second', 'plugin']) copyFileSync(join(folder, `${name}_1.0_all.deb`), join(lab.root, `srv/${name}.deb`));
      await installPackage(lab);
    });
    after(async () => {
      rmSync(folder, { recursive: true });
      await lab.stop();
    });

    it('it has no maintainer script but for its account', () => {
      const scripts = execFileSync('dpkg-deb', ['--ctrl-tarfile', join(folder, '1.0/hello-wsgi_1.0_all.deb')]);
      const names = execFileSync('tar', ['--list'], { input: scripts, encoding: 'utf8' }).match(/\w+(?=\n)/g);
      assert.deepEqual(names?.sort(), ['control', 'md5sums', 'postinst', 'triggers']);
    });

    it('it is installed, and upgraded under load', async (t) => {
      await lab.sh('dpkg -i /srv/hello-1.0.deb 2>&1', { timeout: 120_000 });
      await whole(lab, 2, 'installed', 'hello');
      const load = startLoad(lab, { socket: '/run/wsgi/hello.sock', path: '/', fast: 4, pauseMs: 20, marker: /version (\S+)/ });
      await load.started();
      await lab.sh('dpkg -i /srv/hello-1.1.deb 2>&1', { timeout: 120_000 });
      const { requests, failed, failures, releases } = await load.stop();
      t.diagnostic(`${release}: ${requests} requests, ${failed} failed`);
      assert.deepEqual(failures.slice(0, 3), []);
      assert.deepEqual(releases.map(({ name }) => name).sort(), VERSIONS);
      await whole(lab, 2, 'upgraded', 'hello');
    });

    it('what dh_installwsgi makes: an app, and a package after which another app is rolled', async () => {
      const { generation: before } = await statusOf(lab, 'hello');
      assert.match(execFileSync('dpkg-deb', ['--field', join(folder, 'second_1.0_all.deb'), 'Depends'], { encoding: 'utf8' }), /^wsgictl$/m);
      await lab.sh('dpkg -i /srv/second.deb 2>&1', { timeout: 120_000 });
      await whole(lab, 2, 'of dh_installwsgi', 'second');
      assert.equal((await statusOf(lab, 'hello')).generation, before);
      await lab.sh('dpkg -i /srv/plugin.deb 2>&1', { timeout: 120_000 });
      const { generation } = await whole(lab, 2, 'with a plugin', 'hello');
      assert.equal(generation, Number(before) + 1);
    });

    it('dh_installwsgi obeys --no-act and -n, and refuses names that wsgictl would refuse', () => {
      const tree = join(folder, 'options');
      cpSync(join(folder, 'others/debian'), join(tree, 'debian'), { recursive: true, filter: (path) => /(debian|control|changelog|second\.wsgi|-reloads)$/.test(path) });
      const env = { ...process.env, DH_AUTOSCRIPTDIR: DEBHELPER };
      const run = (...args: string[]): number | null => spawnSync(join(DEBHELPER, 'dh_installwsgi'), args, { cwd: tree, env, stdio: 'ignore' }).status;
      const made = (): string => execFileSync('find', ['debian', '-type', 'f', '-newer', 'debian/control', '-name', '*.debhelper', '-o', '-path', '*/apps.d/*', '-type', 'f'], { cwd: tree, encoding: 'utf8' });
      assert.equal(run('--no-act'), 0);
      assert.equal(made(), '');
      assert.equal(run('-n'), 0);
      assert.deepEqual(made().split('\n').filter(Boolean).sort(), ['debian/plugin/usr/share/wsgictl/apps.d/hello.d/plugin', 'debian/second/usr/share/wsgictl/apps.d/second.ini']);
      cpSync(join(tree, 'debian/second.wsgi'), join(tree, 'debian/second.shop.service.wsgi'));
      assert.notEqual(run('--name=shop.service'), 0);
    });

    it('if dpkg gives up the removal of an app that dh_installwsgi made, it comes back', async () => {
      const script = (name: string, action: string): string => `"$(dpkg-query --control-path second ${name})" ${action}`;
      await lab.sh(script('prerm', 'remove'), { timeout: 120_000 });
      assert.equal((await lab.run(['systemctl', 'is-active', 'wsgi-app@second'])).stdout.trim(), 'inactive');
      await lab.sh(script('postinst', 'abort-remove'), { timeout: 120_000 });
      await whole(lab, 2, 'not removed', 'second');
    });

    it('a purge leaves nothing of it', async () => {
      const prerm = execFileSync('dpkg-deb', ['--info', join(folder, 'second_1.0_all.deb'), 'prerm'], { encoding: 'utf8' });
      assert.match(prerm, /"\$1" = remove[^]*wsgictl unit leave second/);
      await lab.sh('dpkg --no-triggers --remove second 2>&1', { timeout: 120_000 });
      assert.deepEqual((await remains(lab, 'second')).filter((one) => !one.startsWith('socket')), [], 'its prerm has stopped it');
      await lab.sh('dpkg --configure --pending; dpkg --purge second 2>&1', { timeout: 120_000 });
      assert.deepEqual(await remains(lab, 'second'), []);
      await lab.sh('dpkg --purge hello-wsgi 2>&1', { timeout: 120_000 });
      assert.deepEqual(await remains(lab, 'hello'), []);
      assert.equal(await lab.exists('/var/lib/wsgictl/hello'), false);
    });
  });
}
