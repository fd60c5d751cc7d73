import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lostTmp, mendTmp } from '../../../src/host/private-tmp.js';

const runtime = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-tmp-')));
const name = `systemd-private-0123-wsgi-app-tmp@shop.service-${runtime.slice(-6)}`;
after(() => {
  rmSync(runtime, { recursive: true });
  for (const base of ['/tmp', '/var/tmp']) rmSync(join(base, name), { recursive: true, force: true });
});

function noted(...lines: readonly string[]): void {
  mkdirSync(join(runtime, 'tmp'), { recursive: true });
  writeFileSync(join(runtime, 'tmp/shop'), lines.map((line) => `${line}\n`).join(''));
}

test('what wsgi-app-tmp@ noted of its mounts is looked at, and nothing else', () => {
  assert.deepEqual(lostTmp({ runtime }, 'shop'), []);
  noted('221 215 0:64 / /tmp rw shared:12 - tmpfs tmpfs rw', '239 221 0:64 /etc/tmp /tmp rw - tmpfs tmpfs rw', `1 2 0:3 /${name}/tmp /srv rw - tmpfs tmpfs rw`, '');
  assert.deepEqual(lostTmp({ runtime }, 'shop'), []);
  assert.deepEqual(mendTmp({ runtime }, 'shop'), []);
});

test('what is gone is made again under its own name, on whatever file system /tmp is by now', () => {
  noted(`239 221 0:64 /${name}/tmp /tmp rw - tmpfs tmpfs rw`, `275 215 0:59 /@root/var/tmp/${name}/tmp//deleted /var/tmp rw - overlay x rw`);
  assert.deepEqual(lostTmp({ runtime }, 'shop'), ['/tmp', '/var/tmp']);
  assert.deepEqual(mendTmp({ runtime }, 'shop'), ['/tmp', '/var/tmp']);
  for (const base of ['/tmp', '/var/tmp']) {
    assert.equal(lstatSync(join(base, name)).mode & 0o7777, 0o700);
    assert.equal(lstatSync(join(base, name, 'tmp')).mode & 0o7777, 0o1777);
  }
  writeFileSync(join('/tmp', name, 'tmp/kept'), '');
  assert.deepEqual(mendTmp({ runtime }, 'shop'), []);
  lstatSync(join('/tmp', name, 'tmp/kept'));
  rmSync(join('/tmp', name, 'tmp'), { recursive: true });
  assert.deepEqual(mendTmp({ runtime }, 'shop'), ['/tmp']);
});
