import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitting, linesOf, oneLine, visible, visibleFile, visibleJson } from '../../../src/config/visible.js';

/** Every character that may do something to who looks at it, and nothing else. */
const HARMFUL = [
  ...range(0x00, 0x08), ...range(0x0b, 0x1f), ...range(0x7f, 0x9f), 0x2028, 0x2029, 0xd800, 0xdfff, 0xfdd0, 0xffff, 0x1fffe, // terminals, ends of lines, no characters
  0x61c, 0x200e, 0x200f, ...range(0x202a, 0x202e), ...range(0x2066, 0x2069), // the direction
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

test('a message shows each character that drives a terminal, ends a line or turns its direction, and leaves all others', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const text = String.fromCodePoint(code);
    const shown = HARMFUL.includes(code) || code === 0x0a || ((code & 0xfffe) === 0xfffe) || (code >= 0xfdd0 && code <= 0xfdef) || (code >= 0xd800 && code <= 0xdfff);
    if (shown === (visible(text) === text)) assert.fail(`U+${code.toString(16)}: ${JSON.stringify(visible(text))}`);
  }
  assert.equal(visible('RuntimeError: \u001b[31mboom\u001b]52;c;cm0gLXJmIC8K\u0007'), 'RuntimeError: <U+001B>[31mboom<U+001B>]52;c;cm0gLXJmIC8K<U+0007>');
  assert.equal(visible('a\tgröße 🐍'), 'a\tgröße 🐍');
  assert.equal(visible('fine\nshop: rolled back'), 'fine<U+000A>shop: rolled back');
});

test('a file that is printed stays one, in lines and in letters of all scripts', () => {
  const text = '# \u202eשלום\n[app]\nmodule\t= a\n';
  assert.equal(visibleFile(text), text);
  assert.equal(visibleFile('a\u001b[2J\u009b\u2028\r\n'), 'a<U+001B>[2J<U+009B><U+2028><U+000D>\n');
});

test('JSON is harmless, and means what it meant', () => {
  const value = { text: HARMFUL.map((code) => String.fromCodePoint(code)).join('x'), lines: 'a\nb\tc' };
  const json = visibleJson(JSON.stringify(value, null, 2));
  assert.deepEqual(JSON.parse(json), value);
  assert.equal(visible(json).replaceAll('<U+000A>', '\n'), json);
  assert.match(visibleJson(JSON.stringify('\u009b\u007f')), /^"\\u009b\\u007f"$/);
});

test('what others wrote cannot be a line of ours, nor go on for ever', () => {
  assert.deepEqual(linesOf('one\ntwo\r\nthree\rfour\u2028five\u0085six\n\n'), ['one', 'two', 'three', 'four', 'five', 'six']);
  assert.equal(oneLine('draining\nshop: done'), 'draining shop: done');
  const [long = ''] = linesOf('🐍'.repeat(48_000));
  assert.equal(Array.from(long).length, 1001);
  assert.ok(long.endsWith('🐍…'));
  assert.ok(oneLine('a\n'.repeat(1_000_000)).length <= 1001);
});

test('a line fits into a terminal, however wide its characters are', () => {
  assert.equal(fitting('worker 1  drains', 9), 'worker 1 ');
  assert.equal(fitting('漢字漢字', 5), '漢字');
  assert.equal(fitting('a🐍b', 2), 'a');
  assert.equal(fitting('größe', 80), 'größe');
});
