// Completion, by the shells that are there. What it looks at may be another root's, whose file names are anybody's.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPTS = fileURLToPath(new URL('../../../../packaging/completions/', import.meta.url));
let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsgictl-completion-'));
  const apps = join(folder, 'theirs/etc/wsgictl/apps.d');
  mkdirSync(apps, { recursive: true });
  for (const name of ['shop', 'shop-api', 'blog', '$(touch ran)', '`touch ran`', 'a b', '*', '$HOME', "it's"]) writeFileSync(join(apps, `${name}.ini`), '');
  for (const number of [3, 4, 10]) {
    const generation = join(folder, `theirs/var/lib/wsgictl/shop/generations/${number}`);
    mkdirSync(generation, { recursive: true });
    writeFileSync(join(generation, 'unit.service'), '');
  }
  symlinkSync('generations/10', join(folder, 'theirs/var/lib/wsgictl/shop/current'));
  writeFileSync(join(folder, 'own.ini'), '');
});
after(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last of these words. */
function bash(...words: readonly string[]): string[] {
  const script = `compopt() { :; }; . "$1/wsgictl.bash"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wsgictl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script, 'bash', SCRIPTS, ...words], {
    encoding: 'utf8', cwd: folder, timeout: 30_000, env: { PATH: process.env['PATH'], HOME: folder },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout.split('\n').filter(Boolean);
}

const APPS = ['blog', 'shop', 'shop-api'];

test('bash: names of files are compared, and never run', () => {
  assert.deepEqual(bash('wsgictl', '--root', join(folder, 'theirs'), 'apply', '').filter((word) => !word.startsWith('-')), APPS);
  assert.deepEqual(bash('wsgictl', '--root', join(folder, 'theirs'), 'stop', 'sh'), ['shop', 'shop-api']);
  assert.deepEqual(bash('wsgictl', '--root', join(folder, 'theirs'), 'stop', '$('), []);
  assert.equal(existsSync(join(folder, 'ran')), false);
});

test('bash: --root=DIR and ~ are what they are on the command line', () => {
  assert.deepEqual(bash('wsgictl', '--root', '=', '~/theirs', 'stop', 'b'), ['blog']);
  assert.deepEqual(bash('wsgictl', '--root', '~/theirs', 'rollback', 'shop', '').filter((word) => !word.startsWith('-')), ['3', '4']);
  assert.deepEqual(bash('wsgictl', '--root', '~/theirs', 'check', 'o'), ['own.ini']);
  assert.ok(bash('wsgictl', 'ch').includes('check'));
});

test('fish and zsh can read theirs, where they are installed', () => {
  for (const [shell, script] of [['fish', 'wsgictl.fish'], ['zsh', '_wsgictl']] as const) {
    const { error, status, stderr } = spawnSync(shell, ['-n', join(SCRIPTS, script)], { encoding: 'utf8', timeout: 30_000 });
    if (error === undefined) assert.equal(status, 0, stderr);
  }
});
