import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingsReference } from '../../../src/config/reference.js';
import { SETTINGS } from '../../../src/config/settings.js';

const README = new URL('../../../../README.md', import.meta.url);

test('README holds the reference of the settings, word for word', () => {
  const readme = readFileSync(README, 'utf8');
  const found = /<!-- settings -->\n([^]*?)<!-- \/settings -->/.exec(readme)?.[1];
  assert.equal(found, settingsReference());
});

test('every setting has one row', () => {
  const rows = settingsReference().split('\n').filter((line) => line.startsWith('| `'));
  assert.equal(rows.length, SETTINGS.length);
  for (const row of rows) assert.equal(row.split(' | ').length, 4, row);
});
