import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passedOver } from '../../../src/config/env-file.js';

const lines = (text: string): number[] => passedOver(text).map(({ line }) => line);

test('what systemd takes is not spoken of', () => {
  for (const text of [
    '', 'A=1', 'A=1\nB=2\n', '# comment\n; other\n\n  A = 1\n', 'A="a b"', "A='a b'", 'A=a\\\nb\nB=1', 'A="line\nnext"\nB=1', "A='a\\'\nB=1", 'A="a\\"b"\nB=1', 'A=a$HOME#c # d',
    'A=\nB=1', 'A=1\r\nB=2\r\n', 'A="x"y\nB=1', '_a9=1', 'A=a\tb', 'A=a=b', 'A=it\'s',
  ]) assert.deepEqual(passedOver(text), [], JSON.stringify(text));
});

test('what it ignores is named by its line, and no value is told', () => {
  const found = passedOver('A=1\nexport SECRET_KEY=s3cr3t\nDASH-ED=s3cr3t\n\ns3cr3t without\n=s3cr3t\n9A=s3cr3t\nB="two\nlines"\nexport\tC=s3cr3t\nD=a\u0001s3cr3t');
  assert.deepEqual(found.map(({ line }) => line), [2, 3, 5, 6, 7, 10, 11]);
  assert.doesNotMatch(JSON.stringify(found), /s3cr3t|two/);
  assert.match(found[0]?.message ?? '', /knows no "export"/);
  assert.equal(found[0]?.hint, 'write NAME=value');
  assert.match(found[2]?.message ?? '', /has no =/);
});

test('lines are counted through values and comments that go on', () => {
  assert.deepEqual(lines('A=a\\\nb\\\nc\nexport B=1'), [4]);
  assert.deepEqual(lines('A="a\nb\\\nc"\nexport B=1'), [4]);
  assert.deepEqual(lines("A='a\nb'\nexport B=1"), [3]);
  assert.deepEqual(lines('# a\\\nexport B=1\nexport C=1'), [3]);
});

test('a quote that is not closed swallows what follows, and is told', () => {
  assert.deepEqual(passedOver('A=1\nB="x\nC=2\nexport D=3\n').map(({ line, message }) => [line, /not closed/.test(message)]), [[2, true]]);
});
