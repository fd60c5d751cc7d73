import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standingFailure, type RollEvent, type Wish } from '../../../src/roll/events.js';
import { reasonIn } from '../../../src/roll/reason.js';

const TRACEBACK = [
  'Traceback (most recent call last):',
  '  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module',
  '    return _bootstrap._gcd_import(name[level:], package, level)',
  '  File "/srv/shop/2/app.py", line 3, in <module>',
  '    settings()',
  '  File "/srv/shop/2/app.py", line 2, in settings',
  '    raise RuntimeError("no-such-setting")',
];

test("a worker's reason is the exception's last line, with its place", () => {
  const cases: [string[], { text: string; place: string | null } | null][] = [
    [[...TRACEBACK, 'RuntimeError: no-such-setting', 'wsgictl: app:application could not be loaded: RuntimeError: no-such-setting'],
      { text: 'RuntimeError: no-such-setting', place: '/srv/shop/2/app.py:2' }],
    [[...TRACEBACK, 'wsgictl: app:application could not be warmed up: OSError: x could not be loaded: y', 'Exception ignored in: <function f>', '  File "/srv/late.py", line 9, in f'],
      { text: 'OSError: x could not be loaded: y', place: '/srv/shop/2/app.py:2' }],
    [['noise', 'wsgictl: app:application called sys.exit(7) before the worker was ready'], { text: 'app:application called sys.exit(7) before the worker was ready', place: null }],
    [[...TRACEBACK, 'MemoryError'], { text: 'MemoryError', place: '/srv/shop/2/app.py:2' }],
    [[], null],
  ];
  for (const [lines, reason] of cases) assert.deepEqual(reasonIn(lines), reason);
  const { text } = reasonIn([`wsgictl: a could not be loaded: ValueError: ${'x'.repeat(100_000)}`]) ?? { text: '' };
  assert.ok(text.length <= 1001 && text.startsWith('ValueError: x'), String(text.length));
});

/** The events of a roll: what was wished, and how it ended; null for one that goes on. */
function roll(kind: Wish['kind'], outcome: 'done' | 'failed' | 'rolled-back' | 'stopped' | null): RollEvent[] {
  const wish: Wish = kind === 'rollback' ? { kind, to: 1 } : kind === 'scale' ? { kind, processes: 3, of: 1 } : kind === 'made' ? { kind, generation: 2 } : { kind };
  const exit = ({ 'done': 0, 'stopped': 1, 'failed': 1, 'rolled-back': 4 } as const)[outcome ?? 'done'];
  return [{ at: 1, kind: 'begin', wish, from: 1, pid: 2 }, ...(outcome === null ? [] : [{ at: 2, kind: 'end', outcome, exit, text: 'x' } as const])];
}

test('a failed roll stays known until a later one succeeds; a start is none', () => {
  const [bad, good] = [roll('new', 'rolled-back'), roll('new', 'done')];
  const cases: [RollEvent[][], number][] = [
    [[], -1],
    [[good, bad], -1],
    [[bad, good], 0],
    [[roll('start', 'done'), bad], 1],
    [[roll('start', 'done'), roll('scale', 'done'), roll('start', 'stopped'), bad, good], 3],
    [[roll('rollback', 'done'), bad], -1],
    [[roll('start', 'done'), roll('start', 'failed'), good], -1],
    [[roll('start', 'done'), roll('start', 'failed'), bad], 2],
    [[roll('start', 'failed'), bad], 0],
    [[roll('new', 'stopped'), bad], 1],
    [[roll('new', null), bad], 1],
    [[[{ at: 1, kind: 'end', outcome: 'failed', exit: 1, text: 'the begin was lost' }], good], 0],
    [[roll('start', 'done'), [{ at: 1, kind: 'end', outcome: 'failed', exit: 5, text: 'no socket', noSocket: true }], good], -1],
    [[[{ at: 1, kind: 'end', outcome: 'failed', exit: 5, text: 'no socket', noSocket: true }], good], 0],
  ];
  for (const [rolls, at] of cases) assert.equal(standingFailure(rolls), at, JSON.stringify(rolls));
});
