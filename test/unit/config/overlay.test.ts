import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { lineOf } from '../../../src/config/origin.js';
import { formatDiagnostic } from '../../../src/errors.js';

const PACKAGED = '[app]\nmodule = blog.wsgi\nuser = blog\nenvironment-file = /etc/blog/one\n\n[workers]\nprocesses = 4\n\n[environment]\nA = 1\nB = 2\n';

function read(own: string, packaged = PACKAGED): { config: NonNullable<ReturnType<typeof readApp>['config']>; said: readonly string[] } {
  const { config, diagnostics } = readApp('own.ini', 'blog', own, 'system', { file: 'packaged.ini', content: packaged });
  return { config: config as NonNullable<typeof config>, said: diagnostics.map(formatDiagnostic) };
}

test("an administrator's file changes a packaged one setting by setting", () => {
  const { config, said } = read('[workers]\nprocesses = 8\n[environment]\nB = 3\nC = 4\n');
  assert.deepEqual(said, []);
  assert.equal(config.app.module, 'blog.wsgi:application');
  assert.equal(config.workers.processes, 8);
  assert.deepEqual(config.environment.map(({ name, value }) => `${name}=${value}`).sort(), ['A=1', 'B=3', 'C=4']);
});

test('a repeated setting is given as a whole', () => {
  const { config } = read('[app]\nenvironment-file = /etc/blog/two\nenvironment-file = /etc/blog/three\n');
  assert.deepEqual(config.app['environment-file'].map(({ path }) => path), ['/etc/blog/two', '/etc/blog/three']);
});

test('another way to say what to run takes the place of the packaged one', () => {
  const { config, said } = read('[app]\nscript = /srv/blog.wsgi\n');
  assert.deepEqual(said, []);
  assert.deepEqual([config.app.module, config.app.script], [null, '/srv/blog.wsgi']);
});

test('a file of comments changes nothing', () => {
  const { config, said } = read('# nothing yet\n');
  assert.deepEqual(said, []);
  assert.equal(config.workers.processes, 4);
});

test('each fault is told with its own file and line', () => {
  const { said } = read('[workers]\nprocesses = many\n', PACKAGED.replace('B = 2', 'A = 2\nprocesses = 1\n[app]\n'));
  assert.equal(said.length, 3);
  assert.match(said[0] ?? '', /^own\.ini:2: processes 'many'/);
  assert.equal(said[1], "packaged.ini:11: A is set twice; it already stands on line 10");
  assert.equal(said[2], 'packaged.ini:13: [app] stands twice; put its settings below line 1');
});

test('lines of settings can be found again', () => {
  const { config } = read('[workers]\nprocesses = 8\n');
  assert.deepEqual(lineOf(config, 'workers.processes'), { file: 'own.ini', line: 2 });
  assert.deepEqual(lineOf(config, 'app.user'), { file: 'packaged.ini', line: 3 });
});
