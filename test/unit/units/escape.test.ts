import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/errors.js';
import * as escape from '../../../src/units/escape.js';
import { property, type Random } from '../random.js';
import { command, expand, readUnit, words } from './unit-text.js';

const WORDS: readonly (readonly [text: string, word: string])[] = [
  ['shop.wsgi:application', 'shop.wsgi:application'],
  ['A=', 'A='],
  ['', '""'],
  ['a b', '"a b"'],
  [' ', '" "'],
  ['"', '"\\""'],
  ["it's", '"it\'s"'],
  ['\\', '"\\\\"'],
  ['a\\x2db\\', '"a\\\\x2db\\\\"'],
  ['%', '"%%"'],
  ['%i %%', '"%%i %%%%"'],
  ['$HOME', '"$HOME"'],
  [';', '";"'],
  ['#', '"#"'],
  ['größe 🐍', '"größe 🐍"'],
  ['\u00a0', '"\u00a0"'],
];

for (const [text, word] of WORDS) test(`the word ${text}`, () => assert.equal(escape.word(text), word));

const OTHERS: readonly (readonly [way: 'argument' | 'program' | 'rest' | 'path', text: string, escaped: string])[] = [
  ['argument', '$HOME ${HOME} $$', '"$$HOME $${HOME} $$$$"'],
  ['argument', '--x=%i', '"--x=%%i"'],
  ['program', '/srv/v env%i/bin/python', '"/srv/v env%%i/bin/python"'],
  ['program', '/srv/$HOME/python', '"/srv/$HOME/python"'],
  ['rest', 'with %n "x" \\', 'with %%n "x" \\'],
  ['path', '/srv/EPS%3AHello World/app', '/srv/EPS%%3AHello World/app'],
  ['path', '/srv/"it\'s"/$HOME', '/srv/"it\'s"/$HOME'],
  ['path', '/srv/a\\b', '/srv/a\\b'],
  ['path', '/srv/a\\', '/srv/a\\/'],
  ['path', '/srv/a\\\\', '/srv/a\\\\/'],
  ['path', '/srv/a ', '/srv/a /'],
];

for (const [way, text, escaped] of OTHERS) test(`${way} ${text}`, () => assert.equal(escape[way](text), escaped));

for (const way of ['word', 'argument', 'program', 'rest', 'path'] as const) {
  test(`${way} refuses what could end its line`, () => {
    for (const end of ['\n', '\r', '\0', '\u000b', '\u001b', '\u007f', '\u0085', '\u009b', '\u2028', '\u2029', '\ufffe', '\u{1ffff}']) {
      assert.throws(() => escape[way](`/srv/x${end}ExecStartPre=+/x`), UserError);
    }
  });
}

test('time spans and permissions', () => {
  assert.deepEqual([null, 0, 1, 1_000, 1_500, 90_000].map(escape.span), ['0', '0s', '1ms', '1s', '1500ms', '90s']);
  assert.deepEqual([0, 0o27, 0o660, 0o777].map(escape.mode), ['0000', '0027', '0660', '0777']);
});

const PIECES = [
  '%', '%%', '%n', '%i', '$', '$$', '${X}', '"', "'", '\\', '\\\\', '\\x2d', '\\n', ' ', '  ', '=', ';', ' ; ', '#', '[Service]', 'ExecStartPre=+/x', 'ß', '🐍',
  '\u00a0', '\u202e', '-', '@', '+', '!', ':', '|', '/', 'a', '{{x}}', '<', '&', '`', '*', '~', ',',
];

property('whatever the text, it is read back from a unit byte for byte', 5_000, (random: Random) => {
  const text = random.text(PIECES, 12);
  const file = `/${text.replace(/\/+/g, '/').replace(/^\/|\/$/g, '')}`;
  const unit = [
    '[Service]',
    `Environment=${escape.word(text)} ${escape.word(`A=${text}`)}`,
    `ExecStart=${escape.program(file)} ${escape.argument(text)} \\`,
    `    ${escape.argument(`--x=${text}`)} \\`,
    `    ${escape.argument(text)}`,
    `WorkingDirectory=${escape.path(file)}`,
    `Description=${escape.rest(text)} (end)`,
    '',
  ].join('\n');
  const [environment, start, directory, description, ...more] = readUnit(unit);
  assert.deepEqual(more, []);
  assert.deepEqual(words(environment?.value ?? '').map((word) => expand(word)), [text, `A=${text}`]);
  assert.deepEqual(command(start?.value ?? ''), [file, text, `--x=${text}`, text]);
  const read = expand(directory?.value ?? '');
  assert.ok(read === file || read === `${file}/`, read);
  // systemd drops spaces at the beginning of a value.
  assert.equal(expand(description?.value ?? ''), `${text} (end)`.replace(/^ +/, ''));
});
