// Which apps a command without names is about.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../../dist/wsgictl.cjs', import.meta.url));
const APP = '[app]\nmodule = app\ndirectory = /srv/app\nuser = nobody\n';
let root = '';

const write = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
const run = (...args: readonly string[]): { code: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--root', root, ...args], { encoding: 'utf8', timeout: 60_000 });
  return { code: status, said: stdout + stderr };
};

before(() => {
  root = mkdtempSync(join(tmpdir(), 'wsgictl-apply-'));
  write('usr/bin/python3', '');
  write('srv/app/app.py', '');
  write('usr/lib/systemd/system/wsgi-app@.service', '');
  write('usr/share/wsgictl/apps.d/news.ini', APP);
  mkdirSync(join(root, 'var/lib/wsgictl/shop/generations'), { recursive: true });
});
after(() => rmSync(root, { recursive: true }));

test('an empty folder, which may be one that is not mounted, removes no app, also where a package brings one', () => {
  mkdirSync(join(root, 'etc/wsgictl/apps.d'), { recursive: true });
  assert.doesNotMatch(run('apply', '--dry-run').said, /shop/);
  write('etc/wsgictl/apps.d/blog.ini', APP);
  assert.match(run('apply', '--dry-run').said, /^shop: removed, since \S+\/shop\.ini is gone$/m);
  rmSync(join(root, 'etc/wsgictl/apps.d/blog.ini'));
  assert.match(run('apply', '--dry-run', 'shop').said, /^shop: removed/m, 'it is named');
});

test('what is left in /etc of an app whose package is gone is no fault, and is named; an empty file is nothing', () => {
  write('etc/wsgictl/apps.d/weather.ini', '[workers]\nprocesses = 3\n');
  write('etc/wsgictl/apps.d/masked.ini', '');
  for (const command of [['check'], ['apply', '--dry-run']]) {
    const { code, said } = run(...command);
    assert.equal(code, 0, said);
    assert.match(said, /weather\.ini names nothing to run, and no package brings weather: name a module in \[app\], or rm \S+weather\.ini/);
    assert.doesNotMatch(said, /masked/);
  }
  assert.equal(run('check', 'weather').code, 3, 'who names it wants it');
  write('etc/wsgictl/apps.d/fresh.ini', '[app]\nmodul = app\n');
  assert.equal(run('check').code, 3, 'a slip in an app of his own');
  rmSync(join(root, 'etc/wsgictl/apps.d/fresh.ini'));
  // An app that was applied has lost its settings by mistake, and is neither removed nor passed over.
  write('etc/wsgictl/apps.d/shop.ini', '');
  const { code, said } = run('apply', '--dry-run');
  assert.equal(code, 3);
  assert.match(said, /shop\.ini: the file holds no settings/);
  assert.doesNotMatch(said, /removed/);
});

test('under --user, mode is that of the socket, and no group gets it who is not asked for', () => {
  write('srv/user/hello.ini', `[app]\nmodule = app\ndirectory = ${join(root, 'srv/app')}\n[socket]\nmode = 0600\n`);
  const { stdout } = spawnSync(process.execPath, [PROGRAM, '--user', 'render', join(root, 'srv/user/hello.ini')], {
    encoding: 'utf8', timeout: 60_000, env: { PATH: process.env['PATH'], HOME: root },
  });
  assert.match(stdout, /wsgi-app@hello\.socket\.d[^]*^SocketMode=0600\nSocketGroup=\n/m);
});
