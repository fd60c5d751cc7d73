import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Requests } from '../../../src/host/requests.js';

test('requests are kept apart, in their order, until they are dropped', () => {
  const runtime = mkdtempSync(join(tmpdir(), 'wsgictl-requests-'));
  try {
    const requests = new Requests(runtime, 'shop');
    assert.deepEqual(requests.all(), []);
    requests.drop(1);
    const first = requests.add({ kind: 'rollback', to: 3 });
    const second = requests.add(null);
    assert.ok(first < second);
    requests.queued(first, { kind: 'rollback', to: 3 }, '/job/7', 12.5);
    assert.deepEqual(requests.all(), [
      { number: first, wish: { kind: 'rollback', to: 3 }, job: '/job/7', queuedAt: 12.5 }, { number: second, wish: null, job: null, queuedAt: 0 },
    ]);
    assert.deepEqual(new Requests(runtime, 'blog').all(), []);
    requests.drop(first);
    assert.deepEqual(requests.all().map(({ number }) => number), [second]);
    requests.forget();
    assert.equal(existsSync(join(runtime, 'requests/shop')), false);
  } finally {
    rmSync(runtime, { recursive: true });
  }
});
