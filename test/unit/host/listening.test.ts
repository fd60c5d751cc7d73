import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ListenOptions } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { kernelForm, tcpListeners, unixListeners } from '../../../src/host/listening.js';

test('what the kernel tells of sockets that listen', () => {
  assert.deepEqual(unixListeners([
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/wsgi/shop.sock',
    '0000000000000000: 00000003 00000000 00000000 0001 03 12346 /run/wsgi/shop.sock', // a connection
    '0000000000000000: 00000002 00000000 00010000 0001 01   678 /srv/my shop/with space.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 12347 @shop',
    '0000000000000000: 00000002 00000000 00010000 0001 01 12348',
    '',
  ].join('\n')), [
    { address: '/run/wsgi/shop.sock', inode: '12345' }, { address: '/srv/my shop/with space.sock', inode: '678' }, { address: '@shop', inode: '12347' },
  ]);
  assert.deepEqual(tcpListeners([
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F45 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0',
    '   1: 0100007F:1F45 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1',
    '',
  ].join('\n')), [{ address: '0100007F:1F45', inode: '4711' }]);
});

test('addresses as the kernel writes them', () => {
  const little = endianness() === 'LE';
  for (const [address, form] of [
    ['/run/wsgi/shop.sock', '/run/wsgi/shop.sock'],
    ['@shop', '@shop'],
    ['127.0.0.1:8005', little ? '0100007F:1F45' : '7F000001:1F45'],
    ['0.0.0.0:80', '00000000:0050'],
    ['[::]:8000', `${'0'.repeat(32)}:1F40`],
    ['[::1]:8000', little ? `${'0'.repeat(24)}01000000:1F40` : `${'0'.repeat(31)}1:1F40`],
    ['[2001:db8::1:2]:8000', little ? 'B80D0120000000000000000002000100:1F40' : '20010DB8000000000000000000010002:1F40'],
    ['vsock:2:1234', null],
    ['[fe80::1%eth0]:8000', null],
  ] as const) assert.equal(kernelForm(address), form, address);
});

test('sockets of our own are found by these forms', async () => {
  const folder = mkdtempSync(`${tmpdir()}/listening-`);
  const found = async (options: ListenOptions, address: (port: number) => string): Promise<void> => {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options, resolve));
    const bound = server.address();
    const form = kernelForm(address(typeof bound === 'object' && bound !== null ? bound.port : 0));
    const all = [...unixListeners(readFileSync('/proc/net/unix', 'utf8')), ...['tcp', 'tcp6'].flatMap((name) => tcpListeners(readFileSync(`/proc/net/${name}`, 'utf8')))];
    server.close();
    assert.ok(all.some((one) => one.address === form), `${form} is not among ${all.map((one) => one.address).join(' ')}`);
  };
  await found({ path: `${folder}/a b.sock` }, () => `${folder}/a b.sock`);
  await found({ host: '127.0.0.1', port: 0 }, (port) => `127.0.0.1:${port}`);
  await found({ host: '::1', port: 0 }, (port) => `[::1]:${port}`);
  rmSync(folder, { recursive: true });
});
