import assert from 'node:assert/strict';
import { test } from 'node:test';
import { narrowHome } from '../../../src/cli/check.js';
import { readApp } from '../../../src/config/app.js';

function warned(text: string, real: string): number[] {
  const { config } = readApp('a.ini', 'a', `[app]\nmodule = a\nuser = a\n${text}`, 'system');
  assert.ok(config !== null);
  return narrowHome(config, real).map(({ line }) => line);
}

test('below a home, what releases share is named as read-only', () => {
  const linked = 'directory = /home/me/shop/current\n';
  assert.deepEqual(warned(linked, '/home/me/shop/releases/3'), [4]);
  assert.deepEqual(warned('directory = /home/me/shop\n', '/home/me/shop'), [], 'nothing lies beside it');
  assert.deepEqual(warned('directory = /srv/shop/current\n', '/srv/shop/releases/3'), [], 'writable');
  assert.deepEqual(warned('directory = /srv/shop/current\n', '/home/me/shop/releases/3'), [4], 'the link leads there');
  assert.deepEqual(warned(`${linked}sandbox = off\n`, '/home/me/shop/releases/3'), []);
  assert.deepEqual(warned(`${linked}[service]\nReadWritePaths = /home/me/shop\n`, '/home/me/shop/releases/3'), []);
});
