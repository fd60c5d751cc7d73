import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';
import { departure, failureOf, observe, signalName, withSaid } from '../../../src/roll/observe.js';
import type { Job, UnitState } from '../../../src/systemd/port.js';
import { NO_SOCKET_STATUS } from '../../../src/units/view.js';

function unit(more: Partial<UnitState> = {}): UnitState {
  return {
    name: 'wsgi-worker-my:shop-7@2.service', load: 'loaded', active: 'active', sub: 'running', job: null, result: 'success', reloadResult: 'success', exitCode: 0, exitStatus: 0,
    activeSince: 1_000, changedAt: 1_000, stopLimit: 0, restarts: 0, mainPid: 1, invocation: '', status: '', needDaemonReload: false, unitFileState: '', wants: [], listen: [], ...more,
  };
}

const job = (type: string): Job => ({ path: '/job/1', type, state: 'waiting' });

test('what a unit says of its worker', () => {
  assert.deepEqual(observe(unit({ restarts: 3 }), null), { generation: 7, index: 2, phase: 'ready', readySince: 1_000, failure: null, restarts: 3 });
});

/** What systemd says of a worker, in the order of its life, and what that is to a roll. */
const PHASES: readonly (readonly [what: string, active: string, sub: string, job: string | null, result: string, phase: string | null, fails: boolean])[] = [
  ['queued', 'inactive', 'dead', 'start', 'success', 'starting', false],
  ['queued after a failure', 'failed', 'failed', 'start', 'exit-code', 'starting', false],
  ['imports', 'activating', 'start', 'start', 'success', 'starting', false],
  ['imports, without a job', 'activating', 'start', null, 'success', 'starting', false],
  ['serves', 'active', 'running', null, 'success', 'ready', false],
  ['serves, reloading', 'reloading', 'reload', null, 'success', 'ready', false],
  ['serves, is to be restarted', 'active', 'running', 'restart', 'success', 'ready', false],
  ['is told to stop', 'active', 'running', 'stop', 'success', 'leaving', false],
  ['drains', 'deactivating', 'stop-sigterm', 'stop', 'success', 'leaving', false],
  ['drains by itself: max-requests', 'deactivating', 'stop-sigterm', null, 'success', 'leaving', false],
  ['is interrupted while it was told to stop', 'deactivating', 'stop-watchdog', 'stop', 'timeout', 'leaving', false],
  ['was not ready in time', 'deactivating', 'stop-sigterm', null, 'timeout', 'leaving', true],
  ['hung', 'deactivating', 'stop-watchdog', null, 'watchdog', 'leaving', true],
  ['crashed', 'activating', 'auto-restart', null, 'signal', 'down', true],
  ['crashed, on 257', 'activating', 'auto-restart-queued', 'restart', 'exit-code', 'down', true],
  ['had its max-requests', 'activating', 'auto-restart', null, 'success', 'down', false],
  ['is not to come back', 'activating', 'auto-restart', 'stop', 'exit-code', 'leaving', false],
  ['is not restarted', 'failed', 'failed', null, 'exit-code', 'down', true],
  ['is gone', 'inactive', 'dead', null, 'success', null, false],
];

for (const [what, active, sub, type, result, phase, fails] of PHASES) {
  test(`a worker that ${what}: ${phase ?? 'none'}${fails ? ', failed' : ''}`, () => {
    const worker = observe(unit({ active, sub, result, exitCode: 1, exitStatus: 3 }), type === null ? null : job(type));
    assert.equal(worker?.phase ?? null, phase);
    assert.equal((worker?.failure ?? null) !== null, fails);
  });
}

test('units that are no workers are not looked at', () => {
  for (const name of ['wsgi-app@shop.service', 'wsgi-worker-shop-7@.service', 'wsgi-worker-my-shop-7@1.service', 'ssh.service']) {
    assert.equal(observe(unit({ name }), null), null, name);
  }
});

const [EXITED, KILLED, DUMPED] = [1, 2, 3];

const FAILURES: readonly (readonly [result: string, code: number, status: number, words: string | null])[] = [
  ['success', EXITED, 0, null],
  ['', 0, 0, null],
  ['exit-code', EXITED, 3, 'could not load the app (exit status 3)'],
  ['exit-code', EXITED, 5, 'failed its warm-up (exit status 5)'],
  ['exit-code', EXITED, 42, 'exited with status 42'],
  ['exit-code', EXITED, NO_SOCKET_STATUS, 'got no socket to listen on (exit status 78)'],
  ['exit-code', EXITED, 203, 'could not be started: its program cannot be run'],
  ['exit-code', EXITED, 217, 'could not be started: its user does not exist'],
  // A request took too long, which may happen to the best release.
  ['exit-code', EXITED, 75, null],
  ['signal', KILLED, 9, 'was ended by SIGKILL'],
  ['signal', KILLED, 42, 'was ended by SIGRTMIN+8'],
  ['core-dump', DUMPED, 11, 'was ended by SIGSEGV'],
  ['core-dump', EXITED, 1, 'exited with status 1'],
  ['timeout', KILLED, 15, 'was not ready within its ready-timeout'],
  ['watchdog', KILLED, 42, 'did not run any code for so long that its watchdog ended it'],
  ['oom-kill', KILLED, 9, 'was ended by the kernel for want of memory'],
  ['protocol', EXITED, 0, 'ended before it was ready'],
  ['resources', 0, 0, 'could not be started: a file that its unit names, or memory, is not to be had'],
];

for (const [result, exitCode, exitStatus, words] of FAILURES) {
  test(`result ${result || '(none)'}, status ${exitStatus}: ${words ?? 'no failure'}`, () => {
    assert.equal(failureOf(unit({ result, exitCode, exitStatus })), words);
  });
}

test('each exit status of the worker runner has its words', () => {
  const file = new URL('../../../../src/worker/_wsgictl_exits.py', import.meta.url);
  // Those of --check and of its command line end no worker.
  const others = ['DRAINED', 'USAGE', 'NO_APP', 'OVERDUE'];
  const statuses = [...readFileSync(file, 'utf8').matchAll(/^([A-Z_]+) = (\d+)/gm)].filter(([, name]) => !others.includes(name as string));
  assert.ok(statuses.length > 5);
  for (const [, name, status] of statuses) {
    const words = failureOf(unit({ result: 'exit-code', exitCode: EXITED, exitStatus: Number(status) }));
    assert.match(words ?? '', /\(exit status/, `${name} = ${status} has no words in observe.ts`);
  }
});

test('signals have the names that this system gives them', () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    const also = ['SIGIOT', 'SIGPOLL', 'SIGCLD', 'SIGUNUSED'];
    if (!also.includes(name)) assert.equal(signalName(number), name);
  }
  assert.equal(signalName(34), 'SIGRTMIN');
  assert.equal(signalName(64), 'SIGRTMIN+30');
  assert.equal(signalName(32), 'signal 32');
  assert.equal(signalName(0), 'signal 0');
});

test('how a worker that was told to stop has left', () => {
  assert.equal(departure([]), null);
  assert.equal(departure(['running', 'success', 'stop-sigterm', 'success', 'dead']), null);
  assert.equal(departure(['stop-sigterm', 'success', 'stop-watchdog', 'timeout', 'failed']), 'interrupted');
  assert.equal(departure(['stop-sigterm', 'stop-watchdog', 'timeout', 'stop-sigkill', 'failed']), 'killed');
  assert.equal(departure(['stop-sigterm', 'final-sigkill', 'failed']), 'killed');
  // What happened to it in an earlier life is no matter.
  assert.equal(departure(['stop-sigterm', 'stop-watchdog', 'timeout', 'auto-restart', 'start', 'running', 'stop-sigterm', 'success', 'dead']), null);
});

test('a worker that failed has said why; what it says while it drains is no reason', () => {
  const failed = { active: 'failed', sub: 'failed', result: 'exit-code', exitCode: EXITED, exitStatus: 3 };
  const said = (status: string): string | undefined => observe(unit({ ...failed, status }), null)?.said;
  assert.equal(said('RuntimeError: no-such-setting (/srv/app.py:12)'), 'RuntimeError: no-such-setting (/srv/app.py:12)');
  for (const none of ['', 'draining: 1 request in flight', 'interrupted: 2 requests in flight left']) assert.equal(said(none), undefined);
  assert.equal(observe(unit({ status: 'RuntimeError: of another run' }), null)?.said, undefined);
  assert.equal(said('one\n\u001b[2Jtwo'), said('one\u001b[2Jtwo')?.replace('one', 'one '));
  assert.equal(withSaid('could not load the app', { said: 'why' }), 'could not load the app: why');
  assert.equal(withSaid('was stopped', {}), 'was stopped');
});
