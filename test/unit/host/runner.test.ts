import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { Runner } from '../../../src/host/runner.js';

test('a runner that no kept generation names goes, but for one that was made just now', () => {
  const state = mkdtempSync(join(tmpdir(), 'wsgictl-runner-'));
  try {
    mkdirSync(join(state, 'source'));
    writeFileSync(join(state, 'source/main.py'), '');
    const runner = new Runner(join(state, 'source'), state);
    runner.ensure();
    const old = new Date(Date.now() - 2 * 86_400_000);
    for (const name of ['0123456789ab', 'aaaaaaaaaaaa', 'bbbbbbbbbbbb']) mkdirSync(join(state, '.runner', name, 'x'), { recursive: true });
    for (const name of ['0123456789ab', 'aaaaaaaaaaaa', basename(runner.directory)]) utimesSync(join(state, '.runner', name), old, old);
    runner.keepOnly([`ExecStart=/usr/bin/python3 ${state}/.runner/0123456789ab/main.py`]);
    assert.deepEqual(readdirSync(join(state, '.runner')).sort(), ['0123456789ab', 'bbbbbbbbbbbb', basename(runner.directory)].sort());
  } finally {
    rmSync(state, { recursive: true });
  }
});
