// Clients that send or take little or nothing, at a worker in a real unit: behind Apache they reach it as they are.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Lab } from '../lab/lab.js';
import { OLDEST } from './whole.js';
import { exchange, workersIn, type Worker } from './worker-unit.js';

const post = (path: string, body = 'Content-Length: 1000'): string => `POST ${path} HTTP/1.1\r\nHost: probe\r\n${body}\r\n\r\n`;
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: probe\r\n\r\n`;

/** Sends so often until the other side has closed, or for so long. */
async function drip(client: Socket, text: string, everyMs: number, forMs: number): Promise<void> {
  for (const end = Date.now() + forMs; Date.now() < end && client.writable; await wait(everyMs)) client.write(text);
}

/** Asks for something and takes nothing of it for so long; then what it can still get. */
async function takeNothing(worker: Worker, path: string, forMs: number): Promise<number> {
  const client = await worker.connect();
  client.on('error', () => {});
  client.write(get(path));
  await wait(forMs);
  let bytes = 0;
  client.on('data', (data) => (bytes += data.length));
  await Promise.race([new Promise((resolve) => client.once('close', resolve)), wait(1000)]);
  const ended = client.destroyed;
  client.destroy();
  return ended ? bytes : Number.POSITIVE_INFINITY;
}

/** Takes a part every 100 ms, for so long; whether it was cut off meanwhile. */
async function takeLittle(worker: Worker, path: string, bytes: number, forMs: number): Promise<boolean> {
  const client = await worker.connect();
  let ended = false;
  client.on('error', () => {}).on('end', () => (ended = true)).on('close', () => (ended = true)).pause();
  client.write(get(path));
  for (const end = Date.now() + forMs; Date.now() < end && !ended; await wait(100)) client.read(Math.min(bytes, client.readableLength));
  client.destroy();
  return ended;
}

for (const release of OLDEST) {
  describe(`slow clients on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
    });
    after(async () => lab.stop());
    const withWorker = workersIn(() => lab);

    for (const threads of [1, 8]) {
      it(`a body that stalls is answered with 408, and the thread is free again (threads ${threads})`, withWorker(
        { threads, options: ['--idle-timeout=1'] },
        async (worker) => {
          const bodies: readonly [path: string, headers: string, body: string][] = [
            ['/upload', 'Content-Length: 1000', 'some'], ['/upload', 'Content-Length: 1000', ''],
            ['/upload', 'Transfer-Encoding: chunked', '5\r\nab'], ['/careless', 'Content-Length: 1000', 'some'],
          ];
          const got = await Promise.all(bodies.map(async ([path, headers, body]) => exchange(await worker.connect(), post(path, headers) + body, 20_000)));
          for (const { status, text, ms } of got) {
            assert.equal(status, 408, text);
            assert.ok(ms >= 900 && text.split('HTTP/1.1').length === 2, text);
          }
          assert.equal((await worker.get('/fast')).body, 'fast\n');
          assert.match(await worker.log(), /POST \/upload: the client sent nothing for 1 s: answered 408/);
          assert.deepEqual(await worker.traces(), [], 'an app that minds no error takes nothing for a whole body');
        }));
    }

    it('who waits for the app is not slow, nor who sends or takes a little now and then', withWorker(
      { threads: 8, options: ['--idle-timeout=1'] },
      async (worker) => {
        const uploading = await worker.connect();
        const upload = exchange(uploading, post('/upload', 'Content-Length: 12'));
        const [slow, stream, cut] = await Promise.all([
          worker.get('/sleep?3'), worker.get('/stream?3'), takeLittle(worker, '/flood', 10_000, 6000), drip(uploading, 'abc', 600, 2300),
        ]);
        assert.equal(slow.body, 'fast\n');
        assert.match(stream.body, /0000029\n/);
        assert.equal((await upload).body.trim(), '12');
        assert.equal(cut, false);
      }));

    it('an answer that is not taken is cut: written by the app, and sent as a file', withWorker(
      { threads: 8, options: ['--idle-timeout=1'] },
      async (worker) => {
        const [flood, download] = await Promise.all([takeNothing(worker, '/flood', 4000), takeNothing(worker, '/download', 4000)]);
        assert.ok(flood < 3_000_000 && download < 3_000_000, `${flood} ${download}`);
        await lab.waitFor('finally: has run', async () => (await worker.traces()).includes('FIN flood'));
        assert.match(await worker.log(), /GET \/download: the client took nothing for 1 s: cut/);
        assert.equal((await worker.get('/download')).body.length > 2_900_000, true);
      }));

    it('a minimum rate ends who sends or takes less, and nobody else', withWorker(
      { threads: 8, options: ['--idle-timeout=1', '--min-rate=100000'] },
      async (worker) => {
        const uploading = await worker.connect();
        const upload = exchange(uploading, post('/upload', 'Content-Length: 1000000'), 20_000);
        const [slow, little, much] = await Promise.all([
          worker.get('/sleep?3'), takeLittle(worker, '/flood', 5000, 15_000), takeLittle(worker, '/flood', 200_000, 4000), drip(uploading, 'a', 100, 15_000),
        ]);
        assert.equal((await upload).status, 408);
        assert.equal(slow.body, 'fast\n');
        assert.deepEqual([little, much], [true, false]);
        assert.match(await worker.log(), /the client sent less than 100000 bytes a second: answered 408/);
      }));

    it('without a limit nobody is cut off; a client that goes away in a chunk keeps no thread', withWorker({ threads: 1 }, async (worker) => {
      const stalled = await worker.connect();
      const got = exchange(stalled, post('/upload', 'Content-Length: 4'));
      await wait(2500);
      stalled.write('abcd');
      assert.equal((await got).body.trim(), '4');
      const gone = await worker.connect();
      gone.on('error', () => {}).end(`${post('/upload', 'Transfer-Encoding: chunked')}1\r\nx`);
      assert.equal((await exchange(await worker.connect(), get('/fast'), 10_000)).body, 'fast\n');
      gone.destroy();
    }));
  });
}
