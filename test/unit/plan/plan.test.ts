import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import type { AppConfig } from '../../../src/config/settings.js';
import { planApp, type Before, type Change, type WantedSocket } from '../../../src/plan/plan.js';
import { sameAddresses, wantedAddresses, withAddresses } from '../../../src/plan/socket.js';
import { generationOf, type Staged } from '../../../src/plan/stage.js';
import { asWritten, socketText, workerText } from '../units/made.js';

function staged(text: string, release = '/srv/shop/releases/1', digest = 'packaged'): Staged {
  const { config } = readApp('shop.ini', 'shop', `[app]\nmodule = shop.wsgi\nuser = shop\ndirectory = ${release}\n${text}`, 'system');
  assert.ok(config !== null);
  return { config, pinned: asWritten(config), template: { file: 'worker.hbs', digest }, unitText: workerText(config) };
}

function socketOf(config: AppConfig): WantedSocket {
  return { text: config.socket.listen.length > 0 ? socketText(config) : null, addresses: wantedAddresses(config, '/run/wsgi/shop.sock') };
}

/** What an apply finds where nothing is out of order. */
const QUIET = { moving: false, unfinished: false, underWay: null, touchText: null };

/** What an apply of `after` does where `before` serves. */
function plan(before: Staged | null, after: Staged, processes = before?.config.workers.processes ?? 0, unfinished = false): Change {
  const state: Before = before === null
    ? { ...QUIET, generation: null, unitText: null, processes: 0, socketText: null, listens: null }
    : {
      ...QUIET, generation: generationOf(before, 1, ''), unitText: before.unitText, processes, unfinished,
      socketText: socketOf(before.config).text, listens: socketOf(before.config).addresses,
    };
  return planApp(after, socketOf(after.config), null, state);
}

test('a new app, and one of which nothing changed', () => {
  assert.equal(plan(null, staged('')).kind, 'new');
  assert.deepEqual(plan(staged(''), staged('')), {
    kind: 'unchanged', app: 'shop', reasons: [], diff: [], socketMoves: false, processes: null,
  });
});

test('another activation is a change without a roll, but not of an app that somebody has disabled', () => {
  const [before, after] = [staged(''), staged('activation = on-demand')];
  const change = (activation: Before['activation'] = null): Change => planApp(after, socketOf(after.config), null, {
    ...QUIET, generation: generationOf(before, 1, ''), unitText: before.unitText, processes: before.config.workers.processes, socketText: null, listens: null, activation,
  });
  assert.deepEqual([change('boot').kind, change('boot').activates, change('boot').diff, change('boot').reasons], ['changed', true, [], ['activation: boot -> on-demand']]);
  for (const activation of ['on-demand', null] as const) assert.deepEqual([change(activation).kind, change(activation).activates], ['unchanged', undefined]);
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
  assert.deepEqual([moved.kind, moved.socketMoves], ['changed', true]);
  assert.match(moved.reasons.join('\n'), /^the socket moves: \/run\/wsgi\/shop\.sock -> 127\.0\.0\.1:8000: clients must follow.*\n\+ ListenStream=/);
  assert.equal(plan(staged('[socket]\nlisten = 127.0.0.1:8000'), staged('')).socketMoves, true);
  const same = staged('[socket]\nlisten = 127.0.0.1:8000');
  const before: Before = {
    ...QUIET, generation: generationOf(same, 1, ''), unitText: same.unitText, processes: 2,
    socketText: `# by hand\n\n${socketText(same.config)}`, listens: ['127.0.0.1:8000'],
  };
  assert.equal(planApp(same, socketOf(same.config), null, before).kind, 'unchanged');
  assert.equal(planApp(same, socketOf(same.config), null, { ...before, moving: true }).kind, 'changed');
});

test('whatever else of a socket changes is changed in place', () => {
  const text = '[socket]\nlisten = /a\ngroup = b\n';
  const change = plan(staged(text), staged('[socket]\nlisten = /a\ngroup = c\nmode = 0600'));
  assert.deepEqual([change.kind, change.socketMoves, change.socketChanges, change.diff], ['changed', false, true, []]);
  assert.deepEqual(change.reasons, [
    'the socket changes in place: no client notices', '- SocketMode=0660', '- SocketGroup=b', '+ SocketMode=0600', '+ SocketGroup=c',
  ]);
  // The workers set the backlog: that takes a roll. Another number of them takes none.
  const backlog = plan(staged(text), staged(`${text}backlog = 7`));
  assert.deepEqual([backlog.kind, backlog.socketMoves, backlog.socketChanges, backlog.diff.length > 0], ['changed', false, true, true]);
  const scaled = plan(staged(text), staged('[socket]\nlisten = /a\ngroup = c\n[workers]\nprocesses = 5'));
  assert.deepEqual([scaled.kind, scaled.socketChanges], ['scaled', true]);
  const moved = plan(staged(text), staged('[socket]\nlisten = /b\ngroup = c'));
  assert.deepEqual([moved.socketMoves, moved.socketChanges], [true, undefined]);
  const one = staged(text);
  const before: Before = { ...QUIET, generation: generationOf(one, 1, ''), unitText: one.unitText, processes: 2, socketText: socketOf(one.config).text, listens: ['/a'] };
  assert.deepEqual(planApp(one, socketOf(one.config), null, { ...before, socketDrifted: true }).reasons, ['the socket changes in place: no client notices']);
  assert.equal(planApp(one, socketOf(one.config), null, before).kind, 'unchanged');
});

test('the plan says so where one address must be closed before another can be opened', () => {
  const of = (from: string, to: string): string => plan(staged(`[socket]\nlisten = ${from}`), staged(`[socket]\nlisten = ${to}`)).reasons[0] ?? '';
  assert.match(of('127.0.0.1:80', '0.0.0.0:80'), /cut off\. The old one is closed before the new one is opened$/);
  assert.doesNotMatch(of('127.0.0.1:80', '127.0.0.1:81'), /closed before/);
});

test('two drop-ins have the same addresses, in whatever order and form', () => {
  const of = (...addresses: string[]): string => withAddresses('[Socket]\nSocketMode=0600\n', addresses);
  assert.equal(sameAddresses('shop', null, of('/run/wsgi/shop.sock')), true);
  assert.equal(sameAddresses('shop', null, '[Socket]\nSocketMode=0600\nListenStream=\nListenStream=%t/wsgi/shop.sock\n'), true);
  assert.equal(sameAddresses('shop', null, of('/run/wsgi/other.sock')), false);
  assert.equal(sameAddresses('shop', of('/a', '[0::1]:80'), of('[::1]:80', '/a')), true);
  assert.equal(sameAddresses('shop', of('/a'), of('/a', '/b')), false);
});

test('a drop-in that names other addresses keeps the rest', () => {
  const { config } = staged('[socket]\nlisten = 127.0.0.1:8000\nmode = 0600');
  const text = withAddresses(socketText(config), ['/run/a%b', '[::1]:80']);
  assert.match(text, /^SocketMode=0600$/m);
  assert.ok(text.endsWith('\nListenStream=\nListenStream=/run/a%%b\nListenStream=[::1]:80\n'), text);
  assert.equal(withAddresses(null, ['@shop']), '[Socket]\nListenStream=\nListenStream=@shop\n');
});

test('a template that changed is named, where it changes the unit', () => {
  const other = { ...staged('', undefined, 'own'), unitText: `${staged('').unitText}Nice=3\n` };
  assert.deepEqual(plan(staged(''), other).reasons, ['the template changed: worker.hbs']);
  assert.equal(plan(staged(''), staged('', undefined, 'own')).kind, 'unchanged');
});

test('a roll under way to what is wanted is followed', () => {
  const [one, other] = [staged(''), staged('', '/srv/shop/releases/2')];
  const before: Before = {
    ...QUIET, generation: generationOf(one, 1, ''), unitText: one.unitText, processes: 2, socketText: null, listens: null,
    underWay: { unitText: other.unitText, processes: 2 },
  };
  assert.equal(planApp(other, socketOf(other.config), null, before).kind, 'under-way');
  assert.equal(planApp(one, socketOf(one.config), null, before).kind, 'unchanged');
  assert.equal(planApp(other, socketOf(other.config), null, { ...before, generation: null, unitText: null }).kind, 'under-way');
});

test('what a roll reads anew each time is no change of the unit', () => {
  assert.equal(plan(staged(''), staged('[reload]\nmax-surge = 100%\nmax-unavailable = 1')).kind, 'unchanged');
});

test('what is watched for a touch changes without a roll, and beside whatever else changes', () => {
  const one = staged('');
  const before: Before = { ...QUIET, generation: generationOf(one, 1, ''), unitText: one.unitText, processes: 2, socketText: null, listens: null };
  const text = '# Written\n[Path]\nPathChanged=/srv/a.wsgi\n';
  const added = planApp(one, socketOf(one.config), text, before);
  assert.deepEqual([added.kind, added.reasons, added.diff], ['changed', ['+ PathChanged=/srv/a.wsgi'], []]);
  assert.equal(planApp(one, socketOf(one.config), text, { ...before, touchText: text }).kind, 'unchanged');
  const removed = planApp(one, socketOf(one.config), null, { ...before, touchText: text, processes: 3 });
  assert.deepEqual([removed.kind, removed.reasons], ['scaled', ['- PathChanged=/srv/a.wsgi']]);
});
