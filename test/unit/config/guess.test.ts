import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearestOf } from '../../../src/config/guess.js';
import { keyHint, sectionHint } from '../../../src/config/hint.js';

test('the distance of two words', () => {
  const table: readonly (readonly [string, string, number])[] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['wait', 'wait', 0],
    ['wiat', 'wait', 1],
    ['procesess', 'processes', 1],
    ['kitten', 'sitting', 3],
  ];
  for (const [a, b, distance] of table) {
    assert.equal(editDistance(a, b), distance, `${a} ${b}`);
    assert.equal(editDistance(b, a), distance, `${b} ${a}`);
  }
});

test('only what is near is guessed', () => {
  const known = ['module', 'script', 'user', 'umask'];
  for (const [word, guess] of [['modul', 'module'], ['Module', 'module'], ['usr', 'user'], ['mode', undefined], ['x', undefined], ['', undefined]] as const) {
    assert.equal(nearestOf(word, known), guess, word);
  }
  assert.equal(nearestOf('x'.repeat(100_000), known), undefined);
});

test('what may have been meant by a key', () => {
  const table: readonly (readonly [section: string, key: string, hint: string | undefined])[] = [
    ['workers', 'max_requests', "did you mean 'max-requests'?"],
    ['workers', 'Processes', "did you mean 'processes'?"],
    ['workers', 'max-surge', "did you mean 'max-surge' in [reload]?"],
    ['workers', 'user', "did you mean 'user' in [app] or 'user' in [socket]?"],
    ['workers', 'timeout', "did you mean 'request-timeout'?"],
    ['app', 'venv', "did you mean 'virtualenv'?"],
    ['app', 'bind', "did you mean 'listen' in [socket]?"],
    ['app', 'MemoryMax', 'directives of systemd stand in [service]'],
    ['app', 'DJANGO_SETTINGS_MODULE', 'variables stand in [environment]'],
    ['app', 'colour', undefined],
  ];
  for (const [section, key, hint] of table) assert.equal(keyHint(section, key), hint, `[${section}] ${key}`);
});

test('what may have been meant by a section', () => {
  assert.equal(sectionHint('Service'), 'did you mean [service]?');
  assert.equal(sectionHint('worker'), 'did you mean [workers]?');
  assert.match(sectionHint('Unit'), /drop-in/);
  assert.match(sectionHint('gunicorn'), /^there are \[app\] \[workers\] /);
});
