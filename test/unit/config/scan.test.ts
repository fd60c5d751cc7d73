import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Faults } from '../../../src/config/fault.js';
import { scan, type Section } from '../../../src/config/scan.js';
import { readLines } from '../../../src/config/text.js';

function read(content: string | Uint8Array): { sections: readonly Section[]; faults: string[] } {
  const faults = new Faults('x.ini');
  const sections = scan(readLines(content, faults), faults);
  return { sections, faults: faults.list().map(({ line, message }) => `${line}: ${message}`) };
}

/** All values of a section by their keys, for files without faults. */
function values(content: string | Uint8Array): [string, string][] {
  const { sections, faults } = read(content);
  assert.deepEqual(faults, []);
  return sections.flatMap(({ entries }) => entries.map(({ key, value }): [string, string] => [key, value]));
}

test('what the package ini would lose arrives', () => {
  const hard: [string, string][] = [
    ['a', '/srv/a;b'],
    ['b', '#x'],
    ['c', 'null'],
    ['d', 'true'],
    ['e', '"quoted"'],
    ['f', "'it''s'"],
    ['g', '\\;\\#\\\\n'],
    ['h', ''],
    ['i', '= x = y ='],
    ['j', '[x]'],
    ['k', 'größe 🐍 \u00a0'],
    ['l', '"'],
    ['m', '"\\u0041"'],
    ['n', '\\'],
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['o[]', 'z'],
    ['a', 'again'],
    ['"p"', 'q'],
    ['r;s', 't'],
  ];
  const text = `[s]\n${hard.map(([key, value]) => `${key} = ${value}`).join('\n')}\n`;
  assert.deepEqual(values(text), hard);
});

test('sections keep their names, their lines and their order', () => {
  const { sections } = read('x = 1\n[b]\n[a.b]\ny=2\n\n[__proto__]\nz=3\n  [b]\n  w = 4\n');
  assert.deepEqual(sections, [
    { name: null, line: 0, entries: [{ key: 'x', value: '1', line: 1 }] },
    { name: 'b', line: 2, entries: [] },
    { name: 'a.b', line: 3, entries: [{ key: 'y', value: '2', line: 4 }] },
    { name: '__proto__', line: 6, entries: [{ key: 'z', value: '3', line: 7 }] },
    { name: 'b', line: 8, entries: [{ key: 'w', value: '4', line: 9 }] },
  ]);
});

test('comments stand at the start of a line, and nowhere else', () => {
  assert.deepEqual(values('# a = 1\n  ; b = 2\n[s]\nc = 3 # d\n\t#e = 4\n'), [['c', '3 # d']]);
});

test('a mark of byte order, CRLF and a missing end of line make no difference', () => {
  const plain = values('[s]\na = 1\nb = 2\n');
  assert.deepEqual(values('\uFEFF[s]\r\na = 1\r\nb = 2'), plain);
  assert.deepEqual(values(new TextEncoder().encode('\uFEFF[s]\r\na = 1\r\nb = 2')), plain);
});

test('what is no line of an INI file is named, and a broken header still opens its section', () => {
  const { sections, faults } = read('[s] # x\n= 1\nfoo\n[t\na = 1\n');
  assert.deepEqual(faults, [
    "1: there is text behind the section '[s]'",
    "2: nothing stands before the '='",
    '3: this is neither a [section] nor key = value',
    "4: the section '[t' has no ']'",
  ]);
  assert.deepEqual(sections.map(({ name, entries }) => [name, entries.length]), [['s', 0], ['t', 1]]);
});

test('bytes that are no UTF-8 are told by their line', () => {
  const bytes = Buffer.concat([Buffer.from('[s]\na = '), Buffer.from([0xe4, 0xf6]), Buffer.from('\nb = ü\nc = '), Buffer.from([0xc3])]);
  const { sections, faults } = read(bytes);
  assert.deepEqual(faults, ['2: the line is not UTF-8 text (one of 2 such lines)']);
  assert.deepEqual(sections[0]?.entries, [{ key: 'b', value: 'ü', line: 3 }]);
  assert.deepEqual(read('[s]\na = \ud800\n').faults, ['2: the line is not UTF-8 text']);
});

test('control characters are refused wherever they stand', () => {
  for (const code of [0, 1, 7, 8, 0xb, 0xc, 0xd, 0x1b, 0x1f, 0x7f, 0x80, 0x85, 0x9f, 0x2028, 0x2029]) {
    const char = String.fromCharCode(code);
    const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    // A \r alone on its line is the end of one.
    const alone = code === 0xd ? [] : [char];
    for (const line of [`a = x${char}y`, `a${char} = x`, `# x${char}[s]`, `a = x${char} `, ...alone]) {
      assert.deepEqual(read(`[s]\n${line}\nb = 1`).faults, [`2: the line holds the control character ${name}`], JSON.stringify(line));
    }
  }
});

test('what was written reads the same', () => {
  const random = generator(6);
  const alphabet = ['a', '=', ';', '#', '"', "'", '\\', '[', ']', '%', '$', ' ', '.', ':', '/', '-', 'ü', '🐍', '\u00a0', '\ufeff', 'null'];
  for (let round = 0; round < 2000; round++) {
    const entries = Array.from({ length: 1 + random(5) }, (): [string, string] => [
      `k${random(3)}`,
      Array.from({ length: random(8) }, () => alphabet[random(alphabet.length)]).join('').replace(/^ +| +$/g, ''),
    ]);
    const text = ['[s]', ...entries.map(([key, value]) => `${' '.repeat(random(3))}${key}${' '.repeat(random(3))}=${' '.repeat(random(3))}${value}`)].join('\n');
    assert.deepEqual(values(text), entries, text);
  }
});

/** Whole numbers below a limit, the same ones in each run. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
