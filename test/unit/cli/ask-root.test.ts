import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { askRoot, exchange } from '../../../src/cli/ask-root.js';
import { places } from '../../../src/host/places.js';

/** What root's side does with each connection, in turn; the last one for all further ones. */
async function withRoot(sides: readonly ((peer: Socket) => void)[], body: (runtime: string, lines: readonly string[]) => Promise<void>): Promise<void> {
  const runtime = mkdtempSync(join(tmpdir(), 'wsgictl-ask-'));
  const lines: string[] = [];
  let at = 0;
  const server = createServer((peer) => {
    peer.on('error', () => {});
    peer.on('data', (data) => lines.push(String(data)));
    sides[Math.min(at++, sides.length - 1)]?.(peer);
  }).listen(join(runtime, 'request'));
  await once(server, 'listening');
  try {
    await body(runtime, lines);
  } finally {
    server.close();
    rmSync(runtime, { recursive: true });
  }
}

const ask = (runtime: string): ReturnType<typeof askRoot> => askRoot({ ...places('system', '/x', {}), runtime }, { verb: 'restart', app: 'shop' });
const answers = (peer: Socket): void => {
  peer.write('ready\n');
  peer.once('data', () => peer.end('{"job":"/job/7","request":5}\n'));
};

test('a line is sent when root is ready for it, and its answer is the job', async () => {
  await withRoot([answers], async (runtime, lines) => {
    assert.deepEqual(await ask(runtime), { job: '/job/7', request: 5 });
    assert.deepEqual(lines, ['restart shop\n']);
  });
});

test('where systemd has too much to do and closes the connection, nothing was sent, and it is tried again', async () => {
  await withRoot([(peer) => peer.destroy(), (peer) => peer.end(), answers], async (runtime, lines) => {
    assert.deepEqual(await ask(runtime), { job: '/job/7', request: 5 });
    assert.deepEqual(lines, ['restart shop\n']);
  });
});

test('a line whose answer is lost is not sent again: it may have been done', async () => {
  for (const lost of [(peer: Socket) => peer.destroy(), (peer: Socket) => peer.end('{"job":"/jo')]) {
    await withRoot([(peer) => {
      peer.write('ready\n');
      peer.once('data', () => lost(peer));
    }, answers], async (runtime, lines) => {
      await assert.rejects(ask(runtime), /cannot tell what became of the restart of shop/);
      assert.deepEqual(lines, ['restart shop\n']);
    });
  }
});

test('what root says first may come in pieces', async () => {
  await withRoot([(peer) => {
    peer.write('rea');
    setTimeout(() => peer.write('dy\n'), 20);
    peer.once('data', () => peer.end('{}\n'));
  }], async (runtime) => {
    assert.equal(await exchange(join(runtime, 'request'), 'x\n'), '{}\n');
  });
});
