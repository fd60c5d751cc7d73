// Rules for what a proxy tells, and what it serves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { formatDiagnostic } from '../../../src/errors.js';

const faults = (text: string, mode: 'system' | 'user' = 'system'): readonly string[] =>
  readApp('a.ini', 'a', `[app]\nmodule = x\n${mode === 'system' ? 'user = x\n' : ''}${text}`, mode).diagnostics.map(formatDiagnostic);

test('variables at an address where every account can connect need a proof', () => {
  for (const address of ['127.0.0.1:8000', '[::1]:8000', '@x', '/run/x.sock\nlisten = @x']) {
    const text = `[socket]\nlisten = ${address}\n[proxy]\nvariables = REMOTE_USER\n`;
    const [fault = '', ...others] = faults(text);
    assert.match(fault, /^a\.ini:[78]: every local account can connect to \S+ and claim to be REMOTE_USER of its choice; listen on a path, or add proof = yes to \[proxy\]$/);
    assert.deepEqual(others, []);
    assert.deepEqual(faults(`${text}proof = yes\n`), []);
    assert.deepEqual(faults(text.replace(/variables.*\n/, '')), []);
  }
  assert.deepEqual(faults('[proxy]\nvariables = REMOTE_USER\n'), []);
  assert.match(faults('[proxy]\nproof = yes\n', 'user').join(), /^a\.ini:4: proof means nothing under --user; /);
});

test('what is served as files is not the app, nor the whole machine', () => {
  const app = (directory: string): string => `directory = /srv/shop/current\nscript = /srv/shop/wsgi/x.py\n[proxy]\nstatic = /s ${directory}\n`;
  const seen = (directory: string): string => faults(app(directory)).filter((line) => !line.includes('script and module')).join();
  for (const directory of ['/srv/shop/current', '/srv/shop', '/srv', '/srv/shop/wsgi/', '/srv/shop/wsgi/x.py']) assert.match(seen(directory), /^a\.ini:7: \S+ holds the app itself/, directory);
  for (const directory of ['/srv/shop/current/static', '/srv/shop/static', '/srv/shop/cur']) assert.equal(seen(directory), '', directory);
  for (const directory of ['/', '//', '/./', '/.']) assert.match(seen(directory), /would show every file of this machine/, directory);
});

test('a minimum rate needs a time to begin with', () => {
  assert.match(faults('[workers]\nidle-timeout = off\nmin-rate = 500\n').join(), /^a\.ini:6: min-rate means nothing without idle-timeout/);
  assert.deepEqual(faults('[workers]\nmin-rate = 500\n'), []);
});

test('a warm-up asks for what is below a mount or a route', () => {
  const seen = (mounts: string, path: string): string => faults(`[health]\nwarm-up = ${path}\n[proxy]\n${mounts}`).join();
  const mounts = 'mount = /shop\nmount = /alt b\u00e4r\nroute = /news\n';
  for (const path of ['/shop', '/shop/', '/shop/x?y=/../z', '/sh%6Fp/x', '/alt%20b%C3%A4r/', '/alt%20b\u00e4r', '/news/1']) assert.equal(seen(mounts, path), '', path);
  for (const path of ['/', '/shopping', '/health', '/shop/../x', '/shop/%2e%2e/x', '/?/shop/', '//shop/', '/alt%20b%E4r']) {
    assert.match(seen(mounts, path), /^a\.ini:5: warm-up \S+ is below no mount, where the app answers 404; such as \/shop\/$/, path);
  }
  for (const other of ['', 'mount = /\n', `${mounts}mount = /\n`, `${mounts}route = /\n`]) assert.equal(seen(other, '/health'), '', other);
});
