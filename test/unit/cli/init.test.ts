import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../../dist/wsgictl.cjs', import.meta.url));
const home = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-init-')));
const apps = join(home, '.config/wsgictl/apps.d');
after(() => rmSync(home, { recursive: true }));

function run(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const env = { PATH: process.env['PATH'], HOME: home };
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--user', ...args], { encoding: 'utf8', env });
  return { code: status, out: stdout, err: stderr };
}

test('it proposes, writes only if asked to, over nothing, and what it wrote passes check', () => {
  const project = join(home, 'hello');
  mkdirSync(project);
  writeFileSync(join(project, 'hello.py'), "from flask import Flask\napp = Flask(__name__)\nraise SystemExit('it was run')\n");
  const shown = run('init', project);
  assert.deepEqual([shown.code, shown.err], [0, '']);
  assert.match(shown.out, new RegExp(`^module = hello:app\n[^]*^directory = ${project}$`, 'm'));
  const written = run('init', project, '--write');
  assert.equal(written.code, 0, written.err);
  assert.deepEqual(readdirSync(apps), ['hello.ini']);
  const again = run('init', project, '--write');
  assert.deepEqual([again.code, /hello\.ini is there already: nothing is written/.test(again.err)], [1, true]);
  assert.equal(run('init', project, '--write', 'other').code, 0);
  assert.equal(run('init', project, '--write', 'No Name').code, 2);
  chmodSync(join(apps, 'other.ini'), 0o644);
  const rendered = run('render', 'other');
  assert.deepEqual([rendered.code, rendered.err], [0, '']);
});

test('where there is nothing it says what it looked for', () => {
  const empty = join(home, 'empty');
  mkdirSync(empty);
  const { code, out, err } = run('init', empty);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /cannot find a WSGI app in .*empty\n.*manage\.py/);
});
