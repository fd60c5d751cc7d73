import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../../dist/wsgictl.cjs', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'wsgictl-import-'));
after(() => rmSync(root, { recursive: true }));

const SITE = 'WSGIDaemonProcess shop user=shop home=/srv\nWSGIScriptAlias / /srv/shop.wsgi process-group=shop\n';

function file(name: string, text: string): string {
  mkdirSync(join(root, 'etc/apache2'), { recursive: true });
  writeFileSync(join(root, 'etc/apache2', name), text);
  return `/etc/apache2/${name}`;
}

function run(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'import', 'apache', ...args, '--root', root], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

test('it shows only; --write writes, into the other root; nothing is overwritten', () => {
  const site = file('site.conf', SITE);
  const shown = run(site);
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /script = \/srv\/shop\.wsgi[^]*ProxyPass "\/"/);
  assert.ok(!existsSync(join(root, 'etc/wsgictl')));
  assert.equal(run(site, '--write').code, 0);
  assert.deepEqual(readdirSync(join(root, 'etc/wsgictl/apps.d')), ['shop.ini']);
  const again = run(site, '--write');
  assert.equal(again.code, 1);
  assert.match(again.err, /shop\.ini is there already: nothing is written/);
  assert.equal(run(site, '--write', '--out', join(root, 'out')).code, 0);
  assert.deepEqual(readdirSync(join(root, 'out')).sort(), ['apache.conf', 'shop.ini']);
});

test('neither a link that leads nowhere is overwritten, nor a file that should be a folder', () => {
  const site = file('links.conf', SITE);
  mkdirSync(join(root, 'links'));
  symlinkSync('/nowhere', join(root, 'links/shop.ini'));
  assert.match(run(site, '--out', join(root, 'links')).err, /shop\.ini is there already: nothing is written/);
  assert.deepEqual(readdirSync(join(root, 'links')), ['shop.ini']);
  assert.match(run(site, '--out', join(root, site)).err, /^wsgictl: .*links\.conf is no folder: nothing is written$/m);
});

test('faults: 3, and nothing is written; no WSGI directive: 1; a file that is not there: 1', () => {
  const faulty = run(file('faulty.conf', `${SITE}WSGIDaemonProcess other threds=2\n`), '--write', '--out', join(root, 'faulty'));
  assert.equal(faulty.code, 3);
  assert.match(faulty.err, /^\/etc\/apache2\/faulty\.conf:3: 'threds' is no option of WSGIDaemonProcess; did you mean 'threads'\?$/m);
  assert.ok(!existsSync(join(root, 'faulty')));
  const none = run(file('none.conf', '#WSGIDaemonProcess shop\n# WSGIScriptAlias / /x\n'));
  assert.deepEqual([none.code, /no WSGI directive in .*none\.conf \(2 are commented out\)/.test(none.err)], [1, true]);
  assert.equal(run('/etc/apache2/nowhere.conf').code, 1);
});

test('-D and --module are what Apache would be given, --server-root what Include is relative to', () => {
  const site = file('defined.conf', '<IfDefine LIVE>\nWSGIDaemonProcess shop user=${WHO} home=/srv\n</IfDefine>\n<IfModule ssl_module>\nWSGIScriptAlias /tls /srv/tls.wsgi process-group=shop\n</IfModule>\nInclude parts/mount.inc\n');
  mkdirSync(join(root, 'srv/parts'), { recursive: true });
  writeFileSync(join(root, 'srv/parts/mount.inc'), 'WSGIScriptAlias /x /srv/x.wsgi process-group=shop\n');
  const { code, out, err } = run(site, '-D', 'LIVE', '-D', 'WHO=somebody', '--module', '!ssl_module', '-d', '/srv');
  assert.equal(code, 0, err);
  assert.match(out, /user = somebody/);
  assert.doesNotMatch(out, /tls/);
});

test('--apache-version takes a version', () => {
  const site = file('version.conf', `<IfVersion >= 2.4>\n${SITE}</IfVersion>\n`);
  assert.equal(run(site, '--apache-version', '2.4').code, 0);
  const refused = run(site, '--apache-version', 'x');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /x is no version of Apache\n +such as 2\.4\.62/);
});
