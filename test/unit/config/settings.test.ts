import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readValue } from '../../../src/config/reader.js';
import { SECTIONS } from '../../../src/config/sections.js';
import { SETTINGS, type AppConfig, type Row } from '../../../src/config/settings.js';

const rows: readonly Row[] = SETTINGS;

test('every default can be read', () => {
  for (const row of rows) {
    if (row.default !== null) assert.doesNotThrow(() => readValue(row, row.default ?? ''), `[${row.section}] ${row.key}`);
  }
});

test('a section is known, a key stands once, and is written in lower case with dashes', () => {
  const seen = new Set<string>();
  for (const { section, key } of rows) {
    assert.ok(SECTIONS.some(({ name }) => name === section), section);
    assert.match(key, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(!seen.has(`${section}.${key}`), `[${section}] ${key}`);
    seen.add(`${section}.${key}`);
  }
});

test('an alias is no setting of its section, and means one thing there', () => {
  for (const { name } of SECTIONS) {
    const here = rows.filter(({ section }) => section === name);
    const words = here.flatMap(({ key, alias = [] }) => [key, ...alias]);
    assert.deepEqual(words.filter((word, index) => words.indexOf(word) !== index), []);
  }
});

test('a setting says what it is for, in a sentence, and what happens without it', () => {
  const way = ['module', 'script', 'factory'];
  for (const { key, doc, default: fallback, without } of rows) {
    assert.match(doc, /^[A-Z`].*[.`]$/s, key);
    assert.ok(!doc.includes('\n'), key);
    if (!way.includes(key)) assert.ok((fallback === null) === (without !== undefined), key);
  }
});

test('the type follows the table', () => {
  // Compiled, not run: each line is a type that others rely on.
  const typed = (config: AppConfig): readonly unknown[] => {
    const limit: number | null = config.workers['max-requests'];
    const graceful: number = config.reload['graceful-timeout'];
    const children: 'kill' | 'wait' = config.workers.children;
    const surge: { kind: 'count' | 'percent'; value: number } = config.reload['max-surge'];
    const paths: readonly string[] = config.health['warm-up'];
    const user: string | null = config.app.user;
    return [limit, graceful, children, surge, paths, user];
  };
  assert.equal(typeof typed, 'function');
});
