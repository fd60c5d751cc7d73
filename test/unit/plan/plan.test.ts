import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import type { AppConfig } from '../../../src/config/settings.js';
import { planApp, type Before, type Change } from '../../../src/plan/plan.js';
import { generationOf, type Staged } from '../../../src/plan/stage.js';
import { asWritten, socketText, workerText } from '../units/made.js';

function staged(text: string, release = '/srv/shop/releases/1'): Staged {
  const { config } = readApp('shop.ini', 'shop', `[app]\nmodule = shop.wsgi\nuser = shop\ndirectory = ${release}\n${text}`, 'system');
  assert.ok(config !== null);
  return { config, pinned: asWritten(config), unitText: workerText(config) };
}

const socketOf = (config: AppConfig): string | null => (config.socket.listen.length > 0 ? socketText(config) : null);

/** What an apply of `after` does where `before` serves. */
function plan(before: Staged | null, after: Staged, processes = before?.config.workers.processes ?? 0, unfinished = false): Change {
  const state: Before = before === null
    ? { generation: null, unitText: null, processes: 0, socketText: null, unfinished: false }
    : { generation: generationOf(before, 1, ''), unitText: before.unitText, processes, socketText: socketOf(before.config), unfinished };
  return planApp(after, socketOf(after.config), state);
}

test('a new app, and one of which nothing changed', () => {
  assert.equal(plan(null, staged('')).kind, 'new');
  assert.deepEqual(plan(staged(''), staged('')), {
    kind: 'unchanged', app: 'shop', reasons: [], diff: [], socketMoves: false, processes: null,
  });
});

test('a release that moved is named', () => {
  const { kind, reasons, diff } = plan(staged(''), staged('', '/srv/shop/releases/2'));
  assert.equal(kind, 'changed');
  assert.deepEqual(reasons, ['the release moved: /srv/shop/releases/1 -> /srv/shop/releases/2']);
  assert.deepEqual(diff.map(({ mark, text }) => `${mark} ${text}`), [
    '  [Service]', '- WorkingDirectory=/srv/shop/releases/1', '+ WorkingDirectory=/srv/shop/releases/2',
  ]);
});

test('only the number of workers: scaled; between one and more it is another unit', () => {
  const change = plan(staged('[workers]\nprocesses = 2'), staged('[workers]\nprocesses = 5'));
  assert.deepEqual([change.kind, change.processes, change.diff], ['scaled', { from: 2, to: 5 }, []]);
  assert.equal(plan(staged('[workers]\nprocesses = 1'), staged('[workers]\nprocesses = 2')).kind, 'changed');
  assert.equal(plan(staged('[workers]\nprocesses = 2'), staged('[workers]\nprocesses = 2'), 5).kind, 'scaled');
});

test('a roll that was cut off is finished, if nothing else is to be done', () => {
  assert.equal(plan(staged(''), staged(''), 2, true).kind, 'unfinished');
  assert.equal(plan(staged(''), staged('', '/srv/shop/releases/2'), 2, true).kind, 'changed');
});

test('a socket that moves is named, whatever the comments above it say', () => {
  const moved = plan(staged(''), staged('[socket]\nlisten = 127.0.0.1:8000'));
  assert.deepEqual([moved.kind, moved.socketMoves, moved.reasons], ['changed', true, ['the socket changes: clients must follow']]);
  assert.equal(plan(staged('[socket]\nlisten = 127.0.0.1:8000'), staged('')).socketMoves, true);
  const same = staged('[socket]\nlisten = 127.0.0.1:8000');
  const before: Before = { generation: generationOf(same, 1, ''), unitText: same.unitText, processes: 2, socketText: `# by hand\n\n${socketText(same.config)}`, unfinished: false };
  assert.equal(planApp(same, socketText(same.config), before).kind, 'unchanged');
});

test('what a roll reads anew each time is no change of the unit', () => {
  assert.equal(plan(staged(''), staged('[reload]\nmax-surge = 100%\nmax-unavailable = 1')).kind, 'unchanged');
});
