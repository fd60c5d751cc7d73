import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { holdLock } from '../../../src/host/lock.js';

test('a directory is locked by one process at a time, until that ends by whatever; nothing is written', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wsgictl-lock-'));
  const other = spawn('flock', [directory, '-c', 'echo held; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    await once(other.stdout, 'data');
    assert.equal(await holdLock(directory, 0), false);
    const waiting = holdLock(directory, 60);
    other.kill('SIGKILL');
    assert.equal(await waiting, true);
    const [code] = (await once(spawn('flock', ['--nonblock', directory, 'true']), 'exit')) as [number];
    assert.equal(code, 1, 'it is held by this process now');
    assert.deepEqual(readdirSync(directory), []);
  } finally {
    other.kill('SIGKILL');
    rmdirSync(directory);
  }
});
