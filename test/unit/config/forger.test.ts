import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { forgersOf, type Accounts } from '../../../src/config/forger.js';
import type { AppConfig } from '../../../src/config/settings.js';
import { formatDiagnostic } from '../../../src/errors.js';

const NUMBERS: Readonly<Record<string, number>> = { 'www-data': 33, shop: 1001, blog: 1002, web: 1003, '33': 33 };
const ACCOUNTS: Accounts = {
  user: (name) => NUMBERS[name] ?? null,
  group: (name) => NUMBERS[name] ?? null,
  groupsOf: (name) => (name === 'web' ? [1003, 33] : [NUMBERS[name] ?? -1]),
};

function app(name: string, text: string): AppConfig {
  const { config, diagnostics } = readApp(`${name}.ini`, name, `[app]\nmodule = x\n${text}`, 'system');
  assert.ok(config, JSON.stringify(diagnostics));
  return config;
}

const warned = (victim: string, ...others: readonly string[]): readonly string[] =>
  forgersOf(app('shop', victim), others.map((other, at) => app(`other${at}`, other)), ACCOUNTS).map(formatDiagnostic);

const TOLD = 'user = shop\n[proxy]\nvariables = REMOTE_USER\n';

test('who can connect to the socket of an app that believes variables is named', () => {
  assert.deepEqual(warned(TOLD, 'user = blog'), []);
  assert.deepEqual(warned('user = shop', 'user = www-data'), []);
  const named = /^shop\.ini:5: warning: the app other0 \(as (www-data|web|33|blog)\) can connect to the socket and claim to be any REMOTE_USER; .*proof = yes/;
  for (const other of ['user = www-data', 'user = web', 'user = 33', 'user = blog\ngroup = www-data', 'user = blog\n[service]\nSupplementaryGroups = audio www-data']) {
    assert.equal(warned(TOLD, other).length, 1, other);
    assert.match(warned(TOLD, other)[0] ?? '', named, other);
  }
  assert.match(warned(TOLD, 'user = www-data', 'user = web')[0] ?? '', /each of the apps other0 \(as www-data\), other1 \(as web\) can connect/);
  assert.deepEqual(warned(`${TOLD}proof = yes\n`, 'user = www-data'), []);
});

test('its own group, owner and mode count', () => {
  const socket = (lines: string): string => `${TOLD}[socket]\n${lines}\n`;
  assert.deepEqual(warned(socket('group = shop'), 'user = www-data'), []);
  assert.equal(warned(socket('group = shop\nuser = blog'), 'user = blog').length, 1);
  assert.deepEqual(warned(socket('mode = 0600'), 'user = www-data'), []);
  assert.match(warned(socket('mode = 0666'))[0] ?? '', /^shop\.ini:7: warning: every account of this machine can connect/);
});
