// What a file system says is told in words, by whatever command, and is never called a bug.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileTrouble, UserError } from '../../../src/errors.js';
import { writeWhole } from '../../../src/host/files.js';
import { inside } from '../../../src/host/inside.js';
import { RollLog } from '../../../src/host/roll-log.js';

const PROGRAM = fileURLToPath(new URL('../../../../dist/wsgictl.cjs', import.meta.url));
const home = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-errors-')));
after(() => rmSync(home, { recursive: true }));

function run(cwd: string, script: string, ...args: readonly string[]): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, PROGRAM, ...args], { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: home }, timeout: 60_000 });
  assert.doesNotMatch(stdout + stderr, /this is a bug|^ +at .*:\d+/m, args.join(' '));
  return { code: status, said: stdout + stderr };
}

const said = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    const trouble = error instanceof UserError ? error : fileTrouble(error);
    assert.ok(trouble !== null, String(error));
    return trouble.message.replaceAll(home, '');
  }
  return assert.fail('nothing was thrown');
};

test('each errno that a file system gives has its words, with the path as it was asked for', () => {
  const at = (name: string): string => join(home, name);
  mkdirSync(at('folder'));
  writeFileSync(at('file'), '');
  symlinkSync('loop', at('loop'));
  assert.equal(said(() => readFileSync(at('none'))), 'cannot use /none: it does not exist');
  assert.equal(said(() => openSync(at('folder'), 'w')), 'cannot use /folder: it is a directory, not a file');
  assert.equal(said(() => readdirSync(at('file'))), 'cannot use /file: it needs a folder where there is none');
  assert.equal(said(() => readFileSync(at('loop'))), 'cannot use /loop: it is a link that leads back to itself');
  assert.equal(said(() => accessSync(at('x'.repeat(300)))), `cannot use /${'x'.repeat(300)}: it has too long a name`);
  assert.equal(said(() => rmdirSync(home)), 'cannot use : it is not empty');
  assert.equal(said(() => writeWhole('/proc/wsgictl', '')), 'cannot use /proc/wsgictl: it does not exist', 'named as it is wanted, not as it is written first');
  assert.equal(said(() => inside(home, '/file/x/y', (here) => readFileSync(here))), 'cannot use /file/x/y: it needs a folder where there is none');
  const made = (code: string, path?: string): Error => Object.assign(new Error(code), { code, syscall: 'write', ...(path === undefined ? {} : { path }) });
  for (const [code, words] of Object.entries({
    EROFS: /^cannot use \/a: it is on a file system that is mounted read-only$/, EIO: /: it cannot be read or written: the disk has an error$/, EMFILE: /may open no more files$/,
    ENFILE: /may open no more files$/, EACCES: /needs other rights than this account has$/, EPERM: /needs other rights/, ENOSPC: /^no space is left on the disk for \/a$/, EDQUOT: /^no space is left on the disk for \/a$/,
  })) {
    const trouble = fileTrouble(made(code, '/a'));
    assert.ok(trouble instanceof UserError, code);
    assert.match(trouble.message, words);
    assert.ok(fileTrouble(made(code)) instanceof UserError, `${code} without a path`);
  }
});

test('what is no error of a file system stays what it is', () => {
  for (const error of [new Error('x'), new TypeError('x'), null, 'x', new UserError('x'), Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }), Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]) {
    assert.equal(fileTrouble(error), null);
  }
});

for (const args of [['init'], ['init', 'x'], ['import', 'apache', 'x.conf'], ['--root', '.', 'check'], ['check', 'x.ini'], ['render', 'x.ini', '-o', 'out']]) {
  test(`in a folder that is gone: ${args.join(' ')}`, () => {
    mkdirSync(join(home, 'gone'));
    const { code, said: text } = run(join(home, 'gone'), `rmdir ${join(home, 'gone')}; exec "$0" "$@"`, ...args);
    assert.notEqual(code, 0);
    assert.match(text, /current folder: it is gone|cannot find/);
  });
}

test('with too few open files a command says so', () => {
  mkdirSync(join(home, 'apps'));
  const { code, said: text } = run(home, 'exec 3</dev/null; ulimit -n 24; exec "$0" "$@"', '--root', home, 'check', 'x.ini');
  assert.notEqual(code, 0, text);
});

test('a roll whose log cannot be written goes on without it', () => {
  const log = new RollLog(7, null, () => 1, 'cannot use /x: it is on a file system that is mounted read-only');
  assert.deepEqual(log.write({ kind: 'note', text: 'x' }), { at: 1, kind: 'note', text: 'x' });
  log.close();
});
