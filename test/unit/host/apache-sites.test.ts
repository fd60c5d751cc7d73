import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAccounts } from '../../../src/host/accounts.js';
import { isNamedInApache } from '../../../src/host/apache-sites.js';

test('Apache is in front of an app where its configuration names the socket', () => {
  const root = mkdtempSync(join(tmpdir(), 'sites-'));
  try {
    assert.equal(isNamedInApache('/run/wsgi/shop.sock', root), false);
    const folder = join(root, 'etc/apache2/sites-enabled');
    mkdirSync(folder, { recursive: true });
    execFileSync('mkfifo', [join(folder, 'fifo.conf')]);
    writeFileSync(join(folder, 'a.conf'), 'ProxyPass "/" "unix:/run/wsgi/shop.sock|http://shop.wsgi/"\n  # unix:/run/wsgi/blog.sock\nProxyPass / http://127.0.0.1:80001/\n');
    writeFileSync(join(folder, 'off.conf.bak'), 'unix:/run/wsgi/old.sock');
    const named = (address: string): boolean => isNamedInApache(address, root);
    assert.deepEqual(['/run/wsgi/shop.sock', '/run/wsgi/blog.sock', '/run/wsgi/old.sock', '/run/wsgi/shop.soc', '127.0.0.1:8000', '/run/wsgi/shopXsock'].map(named), [true, false, false, false, false, false]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('accounts and their groups are those of passwd and group', () => {
  const root = mkdtempSync(join(tmpdir(), 'accounts-'));
  try {
    assert.deepEqual(readAccounts(root).groupsOf('x'), []);
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nshop:x:1001:1001::/:/bin/sh\n# no:x:1:1\n');
    writeFileSync(join(root, 'etc/group'), 'www-data:x:33:shop,blog\nshop:x:1001:\nothers:x:50:shopping\n');
    const { user, group, groupsOf } = readAccounts(root);
    assert.deepEqual([user('shop'), user('1001'), user('77'), user('nobody'), group('www-data'), group('shop')], [1001, 1001, 77, null, 33, 1001]);
    assert.deepEqual([groupsOf('shop'), groupsOf('1001'), groupsOf('blog'), groupsOf('77')], [[1001, 33], [1001, 33], [33], []]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
