import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isInTheWay, probe } from '../../../src/cli/probe.js';
import { listenersAt } from '../../../src/host/listeners.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'wsgictl-probe-'));
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
  rmSync(FOLDER, { recursive: true });
});

async function listening(options: ListenOptions): Promise<Server> {
  const server = createServer().listen(options);
  servers.push(server);
  await once(server, 'listening');
  return server;
}

test('a path at which another program listens is refused, with who it is; what was left behind is not', async () => {
  const path = join(FOLDER, 'live.sock');
  await probe(path, []);
  await listening({ path });
  await assert.rejects(probe(path, []), { message: new RegExp(`^cannot listen on ${path}: .+ \\(pid ${process.pid}\\) listens there$`), hint: /^choose another path/ });
  await probe(path, [path]);
  assert.equal(listenersAt(path).length, 1);

  const stale = join(FOLDER, 'stale.sock');
  const gone = await listening({ path: `${stale}.first` });
  symlinkSync(`${stale}.first`, stale);
  rmSync(stale);
  gone.close();
  await probe(stale, []);

  const file = join(FOLDER, 'file');
  writeFileSync(file, 'precious');
  await assert.rejects(probe(file, []), { message: `cannot listen on ${file}: there is something that is no socket` });
});

test('an address that somebody else has is refused; one that is our own by another name is not', async () => {
  const server = await listening({ host: '127.0.0.1', port: 0 });
  const { port } = server.address() as { port: number };
  await assert.rejects(probe(`127.0.0.1:${port}`, []), { message: `cannot listen on 127.0.0.1:${port}: EADDRINUSE` });
  await assert.rejects(probe(`0.0.0.0:${port}`, ['/run/x.sock']), /EADDRINUSE/);
  await probe(`0.0.0.0:${port}`, [`127.0.0.1:${port}`]);
  await probe('127.0.0.1:1', ['127.0.0.1:1', 'vsock:2:1234']);
  await assert.rejects(probe('192.0.2.77:8000', []), { message: 'cannot listen on 192.0.2.77:8000: EADDRNOTAVAIL', hint: /no such address/ });
  await listening({ path: '\0wsgictl-probe-test' });
  await assert.rejects(probe('@wsgictl-probe-test', []), /EADDRINUSE/);
});

test('a path is in the way of another name of its own', async () => {
  const path = join(FOLDER, 'own.sock');
  await listening({ path });
  symlinkSync(FOLDER, `${FOLDER}/link`);
  assert.equal(isInTheWay(path, `${FOLDER}/link/own.sock`), true);
  assert.equal(isInTheWay(path, `${FOLDER}/other.sock`), false);
  await probe(`${FOLDER}/link/own.sock`, [path]);
});

test('who listens at a path, as the kernel tells it', () => {
  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '00000000e0b4e1f2: 00000002 00000000 00010000 0001 01 23148197 /run/wsgi/shop.sock',
    '00000000e0b4e1f3: 00000003 00000000 00000000 0001 03 23148198 /run/wsgi/shop.sock',
    '00000000e0b4e1f4: 00000002 00000000 00010000 0001 01    55 /var/run/wsgi/shop.sock',
    '00000000e0b4e1f5: 00000002 00000000 00010000 0001 01    56 /run/wsgi/shop.sock2',
    '00000000e0b4e1f6: 00000002 00000000 00010000 0001 01    57',
    '',
  ].join('\n');
  assert.deepEqual(listenersAt('/run/wsgi/shop.sock', table), ['23148197', '55']);
  assert.deepEqual(listenersAt('/run/wsgi/none.sock', table), []);
});
