import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { hasControl } from '../../../src/config/control.js';
import { SECTIONS } from '../../../src/config/sections.js';
import { SETTINGS, type AppConfig } from '../../../src/config/settings.js';
import { formatDiagnostic } from '../../../src/errors.js';

const LEAST = '[app]\nmodule = shop.wsgi\nuser = shop\n';

function read(text: string | Uint8Array, name = 'shop'): { config: AppConfig | null; said: readonly string[] } {
  const { config, diagnostics } = readApp('shop.ini', name, text, 'system');
  return { config, said: diagnostics.map(formatDiagnostic) };
}

test('names of apps', () => {
  const fine = ['a', '7', 'shop', 'my-shop', 'a_b.c-d', 'x'.repeat(64), 'shop.v2', 'a--b', 'shop-'];
  const refused = [
    '', '-shop', '.shop', '_shop', 'Shop', 'a b', 'a/b', '..', 'a:b', 'a@b', 'a%i', 'a$b', 'a"b', "a'b", 'a\\x2db', 'a\nb', 'a\n', 'größe',
    'x'.repeat(65), 'x'.repeat(200), '--help', 'shop.service', 'shop.socket', 'shop.ini', 'wsgi-app.target', 'shop.d',
  ];
  for (const name of fine) assert.deepEqual(read(LEAST, name).said, [], name);
  for (const name of refused) {
    const { config, said } = read(LEAST, name);
    assert.equal(config, null, name);
    assert.equal(said.length, 1, name);
    assert.match(said[0] ?? '', /^shop\.ini: '.*' cannot be the name of an app/, name);
    assert.ok(!hasControl(said[0] ?? ''), name);
  }
});

test('text that attacks arrives byte for byte where any text is allowed', () => {
  const attacks = [
    '%n "x" \\', '%%i', '$HOME ${HOME} $$', '"', "'", '\\', '\\n[Service]', '\\x2d', '; rm -rf /', '# x', '=', '-', '--help', '../..', '@+!:-',
    '{{app.user}} {{{x}}}', '<b>', 'null', '[Service]', 'ExecStartPre=+/bin/sh', 'größe 🐍', '\u202e', 'x'.repeat(60_000),
  ];
  for (const value of attacks) {
    const { config } = read(`${LEAST}description = ${value}\n[environment]\nX = ${value}\n`);
    assert.equal(config?.app.description, value);
    assert.equal(config?.environment[0]?.value, value);
  }
});

test('no control character gets in by any setting, name or value', () => {
  const controls = ['\r', '\0', '\u001b', '\u0085', '\u2028', '\u2029', '\t', '\v', '\f'];
  for (const char of controls) {
    for (const { section, key } of SETTINGS) {
      assert.equal(read(`${LEAST}[${section}]\n${key} = x${char}y\n`).config, null);
    }
    assert.equal(read(`${LEAST}[environment]\nX = x${char}y\n`).config, null);
    assert.equal(read(`${LEAST}[environment]\nX${char}Y = x\n`).config, null);
    assert.equal(read(`${LEAST}[service]\nNice = 1${char}ExecStartPre=+/bin/sh\n`).config, null);
    assert.equal(read(`${LEAST}[service]\nNice${char}ExecStartPre = +/bin/sh\n`).config, null);
  }
});

test('the path of the file adds no line to a unit', () => {
  const { config, diagnostics } = readApp('/tmp/a\nExecStartPre=+x/shop.ini', 'shop', LEAST, 'system');
  assert.equal(config, null);
  assert.ok(diagnostics.every((one) => !hasControl(formatDiagnostic(one))));
});

test('messages show no control characters, and no values that may be secrets', () => {
  const { said } = read(`${LEAST}[environment]\nA B = s3cret\nNOTIFY_SOCKET = s3cret\nX = "s3cret" # s3cret\n[service]\nKillMode = s3cret\nSetCredential = s3cret\\\ns3cret\n`);
  assert.equal(said.length, 6, said.join('\n'));
  assert.ok(said.every((message) => !message.includes('s3cret')), said.join('\n'));
});

test('a value has its limit, and so has the file', () => {
  assert.match(read(`${LEAST}[environment]\nX = ${'x'.repeat(65_537)}`).said[0] ?? '', /:5: the value of 'X' is longer than 64 KiB/);
  assert.match(read(`${LEAST}[environment]\n${'X'.repeat(256)} = 1`).said[0] ?? '', /:5: the name 'X+\.\.\.' is longer than 255 bytes/);
  assert.match(read(`${LEAST}# ${'x'.repeat(1_048_576)}`).said[0] ?? '', /larger than 1 MiB/);
});

test('an empty file, and one of comments only, are told so', () => {
  for (const text of ['', '\n\n', '# [app]\n; x\n', '\uFEFF', new Uint8Array()]) {
    assert.deepEqual(read(text).said, ['shop.ini: the file holds no settings; the least is [app] with module and user']);
  }
});

test('text and its bytes read the same', () => {
  const text = `${LEAST}description = größe\n[environment]\nX = 🐍\n`;
  assert.deepEqual(read(text), read(new TextEncoder().encode(text)));
});

test('whatever the file, nothing throws, and no value holds a control character', () => {
  const random = generator(11);
  const words = [
    ...SECTIONS.map(({ name }) => `[${name}]`), ...SETTINGS.map(({ key }) => `${key} = `), ...SETTINGS.map(({ default: value }) => value ?? '/x'),
    '\n', '\n', '\n', '\n', '\r', '\0', '\t', '=', '#', '"', "'", '\\', '%', '$', '\u2028', '\x85', 'é', '🐍', 'x', 'KillMode = ', 'A = ', '[', ']', '..', '/srv', '0', '%', 'module = x\n',
  ];
  let good = 0;
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: random(40) }, () => words[random(words.length)]).join('');
    const bytes = new TextEncoder().encode(random(2) === 0 ? text : `${LEAST}[environment]\n${text}`);
    // Half of them with a byte or two changed, so that they are no UTF-8.
    if (bytes.length > 0 && random(2) === 0) bytes[random(bytes.length)] = random(256);
    const { config, diagnostics } = readApp('shop.ini', 'shop', bytes, random(2) === 0 ? 'system' : 'user');
    assert.equal(config === null, diagnostics.some(({ severity }) => severity === 'error'));
    assert.ok(!diagnostics.some((one) => hasControl(formatDiagnostic(one))));
    if (config === null) continue;
    good++;
    for (const value of strings(config)) assert.ok(!hasControl(value), JSON.stringify(text));
  }
  assert.ok(good > 20, `only ${good} of the files had no fault`);
});

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, one]) => [key, ...strings(one)]) : [];
}

/** Whole numbers below a limit, the same ones in each run. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
