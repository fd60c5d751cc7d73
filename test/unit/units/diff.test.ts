import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unitDiff } from '../../../src/units/diff.js';
import { property } from '../random.js';

const show = (before: string, after: string): string[] => unitDiff(before, after).map(({ mark, text }) => `${mark} ${text}`);

const UNIT = '# Written\n\n[Unit]\nDescription=x\n\n[Service]\nType=notify\nEnvironment=A=1\nEnvironment=B=2\nRestart=always\n';

test('no difference', () => {
  assert.deepEqual(show(UNIT, UNIT), []);
  assert.deepEqual(show('', ''), []);
});

test('changed lines stand under their section, and nothing else does', () => {
  assert.deepEqual(show(UNIT, UNIT.replace('A=1', 'A=9')), ['  [Service]', '- Environment=A=1', '+ Environment=A=9']);
  assert.deepEqual(show(UNIT, UNIT.replace('x\n', 'y\n').replace('Restart=always\n', '')), [
    '  [Unit]', '- Description=x', '+ Description=y', '  [Service]', '- Restart=always',
  ]);
});

test('a line more, a line less, lines in another order', () => {
  assert.deepEqual(show(UNIT, UNIT.replace('Restart', 'Environment=C=3\nRestart')), ['  [Service]', '+ Environment=C=3']);
  assert.deepEqual(show(UNIT, UNIT.replace('Environment=A=1\n', '')), ['  [Service]', '- Environment=A=1']);
  assert.deepEqual(show(UNIT, UNIT.replace('Environment=A=1\nEnvironment=B=2', 'Environment=B=2\nEnvironment=A=1')).length, 3);
});

test('empty lines are no change that anybody wants to see', () => {
  assert.deepEqual(show(UNIT, UNIT.replace('\n[Service]', '\n\n\n[Service]')), []);
});

test('all of a new text, and of one that is gone', () => {
  assert.deepEqual(show('', '[Unit]\nA=1\n'), ['+ [Unit]', '+ A=1']);
  assert.deepEqual(show('[Unit]\nA=1\n', ''), ['- [Unit]', '- A=1']);
});

property('what is marked leads from the one text to the other', 1_000, (random) => {
  const draw = (): string[] => Array.from({ length: random.between(0, 12) }, () => random.pick(['[Unit]', '[Service]', 'A=1', 'A=2', 'B=1', 'C=']));
  const [before, after] = [draw(), draw()];
  const lines = unitDiff(before.join('\n'), after.join('\n'));
  const count = (list: readonly string[], text: string): number => list.filter((one) => one === text).length;
  for (const text of new Set([...before, ...after])) {
    const change = lines.filter((line) => line.text === text && line.mark === '+').length - lines.filter((line) => line.text === text && line.mark === '-').length;
    assert.equal(change, count(after, text) - count(before, text), text);
  }
});
