import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Faults } from '../../../src/config/fault.js';
import { readService } from '../../../src/config/service.js';

function read(...lines: readonly (readonly [name: string, value: string])[]): { passed: readonly string[]; said: readonly string[] } {
  const faults = new Faults('x.ini');
  const passed = readService(lines.map(([key, value], index) => ({ key, value, line: index + 1 })), faults);
  return { passed: passed.map(({ name, value }) => `${name}=${value}`), said: faults.list().map(({ severity, message }) => `${severity}: ${message}`) };
}

test('what breaks no promise is passed on, repeats and all, byte for byte', () => {
  const { passed, said } = read(
    ['MemoryMax', '1G'],
    ['CPUQuota', '150%'],
    ['ReadWritePaths', '/srv/a "/srv/b c"'],
    ['ReadWritePaths', '-/srv/%i'],
    ['CapabilityBoundingSet', ''],
    ['PrivateNetwork', 'yes'],
    ['RuntimeDirectory', 'shop'],
    ['RuntimeDirectoryPreserve', 'yes'],
    ['SupplementaryGroups', 'redis'],
    ['StateDirectory', 'shop'],
  );
  assert.deepEqual(said, []);
  assert.equal(passed.length, 10);
  assert.equal(passed[2], 'ReadWritePaths=/srv/a "/srv/b c"');
});

test('what would break a promise is refused by name, in any letters, with what to do instead', () => {
  const names = [
    'Type', 'NotifyAccess', 'ExecStart', 'ExecStartPre', 'ExecStartPost', 'ExecCondition', 'ExecReload', 'ExecStop', 'ExecStopPost', 'Restart',
    'RestartSec', 'RestartPreventExitStatus', 'SuccessExitStatus', 'StartLimitBurst', 'StartLimitIntervalSec', 'StartLimitInterval', 'KillMode',
    'KillSignal', 'FinalKillSignal', 'SendSIGKILL', 'TimeoutSec', 'TimeoutStartSec', 'TimeoutStopSec', 'TimeoutAbortSec', 'TimeoutStopFailureMode',
    'WatchdogSec', 'WatchdogSignal', 'Sockets', 'NonBlocking', 'OpenFile', 'FileDescriptorStoreMax', 'StandardInput', 'Slice', 'User', 'Group', 'DynamicUser',
    'UMask', 'WorkingDirectory', 'Environment', 'EnvironmentFile', 'UnsetEnvironment', 'RootDirectory', 'RemoveIPC', 'ExitType', 'RemainAfterExit',
    'PrivatePIDs', 'RuntimeMaxSec', 'After', 'PartOf', 'OnFailure', 'ConditionPathExists', 'ListenStream', 'killmode', 'EXECSTART',
  ];
  for (const name of names) {
    const faults = new Faults('x.ini');
    assert.deepEqual(readService([{ key: name, value: 'x', line: 1 }], faults), [], name);
    const [fault] = faults.list();
    assert.equal(fault?.message, `[service] cannot set ${name}`);
    assert.ok((fault?.hint ?? '').length > 10, name);
  }
});

test('nothing can add, swallow or reset a directive', () => {
  for (const [name, value] of [
    ['Nice', ''],
    ['SystemCallFilter', ''],
    ['Nice', '1\\'],
    ['Nice', '1\\\\'],
    ['Exec Start', 'x'],
    ['[Service]', 'x'],
    ['X-Foo', 'x'],
    ['Nice\\', 'x'],
    ['', 'x'],
    ['StandardOutput', 'socket'],
    ['StandardError', 'fd:shop.socket'],
  ] as const) {
    const { passed, said } = read([name, value]);
    assert.deepEqual(passed, [], name);
    assert.equal(said.length, 1, name);
    assert.match(said[0] ?? '', /^error/);
  }
});

test('what may be meant is said, and kept', () => {
  const { passed, said } = read(['StandardOutput', 'append:/var/log/shop.log'], ['StandardError', 'journal']);
  assert.equal(passed.length, 2);
  assert.deepEqual(said, ["warning: StandardOutput leads the workers' messages past the journal"]);
});

test('a runtime directory outlives the worker that leaves', () => {
  for (const preserve of [[], [['RuntimeDirectoryPreserve', 'no']], [['RuntimeDirectoryPreserve', 'restart']]] as const) {
    assert.match(read(['RuntimeDirectory', 'shop'], ...preserve).said[0] ?? '', /would be removed/);
  }
});
