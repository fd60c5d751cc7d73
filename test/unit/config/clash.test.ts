import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { addressClashes } from '../../../src/config/clash.js';
import type { AppConfig } from '../../../src/config/settings.js';
import { formatDiagnostic } from '../../../src/errors.js';

function app(name: string, ...listen: string[]): AppConfig {
  const text = ['[app]', 'module = x', 'user = x', '[socket]', ...listen.map((address) => `listen = ${address}`)].join('\n');
  const { config } = readApp(`${name}.ini`, name, text, 'system');
  assert.ok(config);
  return config;
}

test('two apps cannot listen on one address', () => {
  const clashes = (...configs: AppConfig[]): string[] =>
    addressClashes(configs, (name) => `/run/wsgi/${name}.sock`).map(({ diagnostic }) => formatDiagnostic(diagnostic).replace(/;.*/, ''));
  assert.deepEqual(clashes(app('a'), app('b'), app('c', '/run/c.sock')), []);
  assert.deepEqual(clashes(app('a', '[::1]:80'), app('b', '[0::1]:80', '/x')), ['b.ini:5: [::1]:80 is also listened on by the app a']);
  assert.deepEqual(clashes(app('a', '0.0.0.0:80'), app('b', '127.0.0.1:80'), app('c', '[::]:81'), app('d', '10.0.0.5:81', '[::1]:80')), [
    'b.ini:5: 127.0.0.1:80 cannot be listened on beside 0.0.0.0:80 of the app a',
    'd.ini:5: 10.0.0.5:81 cannot be listened on beside [::]:81 of the app c',
  ]);
  assert.deepEqual(clashes(app('a', '/run/x.sock'), app('b', '/var/run/x.sock')), ['b.ini:5: /run/x.sock is also listened on by the app a']);
  assert.deepEqual(clashes(app('a', '[::]:80', '0.0.0.0:80')), []);
  assert.deepEqual(clashes(app('a', '/run/wsgi/b.sock'), app('b')), ['a.ini:5: /run/wsgi/b.sock is also listened on by the app b']);
});
