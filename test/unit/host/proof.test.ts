import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureProof } from '../../../src/host/proof.js';

test('a secret is made once, for root alone, and what proxies include says the same', () => {
  const state = mkdtempSync(join(tmpdir(), 'proof-'));
  try {
    const read = (name: string): string => readFileSync(join(state, 'shop', name), 'utf8');
    ensureProof(state, 'shop');
    const secret = read('proof');
    assert.match(secret, /^[0-9a-f]{64}\n$/);
    assert.match(read('proof.nginx.conf'), new RegExp(`^proxy_set_header X-Wsgictl-Proof "${secret.trim()}";$`, 'm'));
    assert.match(read('proof.apache.conf'), new RegExp(`^RequestHeader set X-Wsgictl-Proof "${secret.trim()}"$`, 'm'));
    assert.deepEqual(readdirSync(join(state, 'shop')).map((name) => [name, statSync(join(state, 'shop', name)).mode & 0o777]),
      ['proof', 'proof.apache.conf', 'proof.nginx.conf'].map((name) => [name, 0o600]));
    rmSync(join(state, 'shop', 'proof.nginx.conf'));
    ensureProof(state, 'shop');
    assert.equal(read('proof'), secret);
    assert.ok(existsSync(join(state, 'shop', 'proof.nginx.conf')));

    // A rotation: the new one stands first, and workers believe both.
    writeFileSync(join(state, 'shop', 'proof'), `${'n'.repeat(40)}\n${secret}`);
    ensureProof(state, 'shop');
    assert.doesNotMatch(read('proof.apache.conf'), /n{40}/, 'what no worker knows yet is not told');
    ensureProof(state, 'shop', true);
    assert.match(read('proof.apache.conf'), /"n{40}"/);
    assert.ok(read('proof').includes(secret.trim()));

    for (const wrong of ['', '\n', 'short\n', `${'a'.repeat(40)}"\n`, `${'a'.repeat(40)} b\n`, `${'a'.repeat(40)}\n`.repeat(9)]) {
      writeFileSync(join(state, 'shop', 'proof'), wrong);
      assert.throws(() => ensureProof(state, 'shop'), /holds no secret/, JSON.stringify(wrong));
      assert.equal(read('proof'), wrong);
    }
  } finally {
    rmSync(state, { recursive: true });
  }
});
