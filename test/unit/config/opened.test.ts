import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadValue } from '../../../src/config/fault.js';
import { givenAbove, opensOf, opensOfUnit } from '../../../src/config/opened.js';

const UNITS = ['wsgi-worker-my:shop-7@1.service', 'wsgi-worker-my:shop-7@2.service'];

const OPENED: readonly (readonly [directive: string, paths: readonly string[]])[] = [
  ['EnvironmentFile=/etc/shop.env', ['file /etc/shop.env']],
  ['EnvironmentFile=-/etc/100%%.env', ['file? /etc/100%.env']],
  ['LoadCredential=key:/etc/shop.key', ['file /etc/shop.key']],
  ['LoadCredentialEncrypted=key:/etc/a:b', ['file /etc/a:b']],
  ['LoadCredential=key', []],
  ['LoadCredential=key:named-elsewhere', []],
  ['StandardOutput=append:/var/log/shop.log', ['output? /var/log/shop.log']],
  ['StandardError=truncate:%L/%p-%i.log', ['output? /var/log/wsgi-worker-my:shop-7-1.log', 'output? /var/log/wsgi-worker-my:shop-7-2.log']],
  ['StandardOutput=file:%S/%j/%N', ['output? /var/lib/7/wsgi-worker-my:shop-7@1', 'output? /var/lib/7/wsgi-worker-my:shop-7@2']],
  ['StandardOutput=journal', []],
  ['NetworkNamespacePath=/run/netns/shop', ['any /run/netns/shop']],
  ['BPFProgram=egress:/sys/fs/bpf/x', ['any /sys/fs/bpf/x']],
  ['ExtensionDirectories=-/opt/a /opt/b', ['any? /opt/a', 'any /opt/b']],
  ['MountImages=/opt/a.img:/srv/shop/img:ro', ['any /opt/a.img', 'place? /srv/shop/img']],
  ['BindPaths=/srv/shop', ['place? /srv/shop']],
  ['BindReadOnlyPaths=-/opt/a:/srv/%p:rbind /b', ['place? /opt/a', 'place? /srv/wsgi-worker-my:shop-7', 'place? /b']],
  ['TemporaryFileSystem=/srv/shop/cache:mode=1777 /mnt', ['place? /srv/shop/cache', 'place? /mnt']],
  ['StateDirectory=shop', ['place? /var/lib/shop']],
  ['RuntimeDirectory=shop/a shop/b:other/link', ['place? /run/shop/a', 'place? /run/shop/b', 'place? /run/other/link']],
  ['StateDirectory=shop::ro', ['place? /var/lib/shop']],
  ['LogsDirectory=shop/', ['place? /var/log/shop']],
  // What root mounts where it is already, and never opens; and what names no path.
  ['ReadWritePaths=/srv/shop/media', []],
  ['WorkingDirectory=/srv/shop', []],
  ['MemoryMax=1G', []],
];

for (const [text, paths] of OPENED) {
  test(`root opens for ${text}: ${paths.join(', ') || 'nothing'}`, () => {
    const [directive = '', value = ''] = /^(\w+)=(.*)$/.exec(text)?.slice(1) ?? [];
    const found = opensOf(directive, value, UNITS).map(({ kind, mayMiss, path }) => `${kind}${mayMiss ? '?' : ''} ${path}`);
    assert.deepEqual([...new Set(found)], paths);
  });
}

test('what nobody can tell beforehand is refused', () => {
  for (const text of ['StandardOutput=append:%d/x', 'EnvironmentFile=/run/%U.env', 'StateDirectory="a b"', 'StateDirectory=a\\x2fb', 'CacheDirectory=shop shop/inner', 'CacheDirectory=shop:shop/link', 'BindPaths="/srv/a b":/c', 'LogsDirectory=a/b a/b/c', 'EnvironmentFile=/x%']) {
    const [directive = '', value = ''] = /^(\w+)=(.*)$/.exec(text)?.slice(1) ?? [];
    assert.throws(() => opensOf(directive, value, UNITS), BadValue, text);
  }
});

test('a whole unit is read line by line, continued ones as one', () => {
  const text = '# EnvironmentFile=/no\n[Service]\nExecStart=/usr/bin/python3 \\\n    --environ=A=b \\\n    --x\nEnvironmentFile=/etc/a\nLoadCredential=b:/etc/b\n';
  assert.deepEqual(opensOfUnit(text, UNITS).map(({ path }) => path), ['/etc/a', '/etc/b']);
});

test('what lies in a directory that systemd gives to the app is named, whichever line says so', () => {
  const all = opensOfUnit('LogsDirectory=shop\nStandardOutput=append:/var/log/shop/out.log\nStandardError=append:/var/log/shop-2/err.log\nStateDirectory=a\nStateDirectory=a/b\n', UNITS);
  assert.deepEqual(all.map((one) => `${one.path} ${givenAbove(one, all)}`), ['/var/log/shop null', '/var/log/shop/out.log /var/log/shop', '/var/log/shop-2/err.log null', '/var/lib/a null', '/var/lib/a/b /var/lib/a']);
});

test('below what a mount shows, the next one is looked at where it leads', () => {
  const all = opensOfUnit('BindPaths=/opt/own:/mnt/data\nBindReadOnlyPaths=/etc/shop:/mnt/data/shop\nTemporaryFileSystem=/mnt/database\n', UNITS);
  assert.deepEqual(all.map(({ path }) => path), ['/opt/own', '/mnt/data', '/etc/shop', '/mnt/data/shop', '/mnt/database', '/opt/own/shop']);
});
