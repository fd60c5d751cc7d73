import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { isOfNetwork, overlap, readListen, showListen } from '../../../src/config/listen.js';
import { formatDiagnostic } from '../../../src/errors.js';
import { socketText } from '../units/made.js';

test('which addresses cannot both be listened on', () => {
  const both: [string, string, boolean][] = [
    ['/run/a.sock', '/run/a.sock', true], ['/var/run/a.sock', '/run/a.sock', true], ['/run/a.sock', '/run/b.sock', false], ['@a', '@a', true], ['@a', '/a', false],
    ['127.0.0.1:80', '127.0.0.1:80', true], ['127.0.0.1:80', '127.0.0.1:81', false], ['127.0.0.1:80', '127.0.0.2:80', false],
    ['0.0.0.0:80', '127.0.0.1:80', true], ['0.0.0.0:80', '[::]:80', true], ['0.0.0.0:80', '[::1]:80', false], ['0.0.0.0:80', '0.0.0.0:81', false],
    ['[::]:80', '[::1]:80', true], ['[::]:80', '10.0.0.5:80', true], ['[::]:80', '[::]:81', false], ['[::1]:80', '[0::1]:80', true], ['[::1]:80', '127.0.0.1:80', false],
    ['[::ffff:10.0.0.5]:80', '10.0.0.5:80', true], ['[::ffff:10.0.0.5]:80', '0.0.0.0:80', true], ['[::ffff:10.0.0.5]:80', '[::1]:80', false],
  ];
  for (const [one, other, expected] of both) {
    assert.equal(overlap(readListen(one), readListen(other)), expected, `${one} and ${other}`);
    assert.equal(overlap(readListen(other), readListen(one)), expected, `${other} and ${one}`);
  }
});

test('/var/run is written /run, as systemd has it', () => {
  assert.equal(showListen(readListen('/var/run/shop/x.sock')), '/run/shop/x.sock');
  assert.equal(showListen(readListen('/var/runs/x.sock')), '/var/runs/x.sock');
});

test('an address of the network may come later than the socket', () => {
  for (const address of ['10.0.0.5:80', '[2001:db8::1]:80', '[::ffff:10.0.0.5]:80', '[fe80::1]:80']) assert.equal(isOfNetwork(readListen(address)), true, address);
  for (const address of ['127.0.0.1:80', '127.1.2.3:80', '0.0.0.0:80', '[::]:80', '[::1]:80', '[::ffff:127.0.0.1]:80', '/run/x', '@x']) {
    assert.equal(isOfNetwork(readListen(address)), false, address);
  }
});

/** The faults of an app that listens so, or its socket's drop-in. */
function made(...listen: string[]): string {
  const text = ['[app]', 'module = x', 'user = x', '[socket]', ...listen.map((address) => `listen = ${address}`)].join('\n');
  const { config, diagnostics } = readApp('a.ini', 'a', text, 'system');
  return config === null ? diagnostics.map(formatDiagnostic).join('\n') : socketText(config);
}

test('of one app, an address of all goes beside no other of its port, but [::] beside 0.0.0.0', () => {
  assert.equal(made('127.0.0.1:80', '127.0.0.1:80'), 'a.ini:6: 127.0.0.1:80 is listened on twice; it already stands on line 5');
  assert.match(made('127.0.0.1:80', '0.0.0.0:80'), /^a\.ini:6: 0\.0\.0\.0:80 and 127\.0\.0\.1:80 of line 5 cannot both be listened on; /);
  assert.match(made('[::]:80', '127.0.0.1:80'), /^a\.ini:6: /);
  assert.match(made('[::]:80', '0.0.0.0:80', '[::1]:80'), /^a\.ini:7: \[::1\]:80 and \[::\]:80 of line 5 cannot both/);
  assert.match(made('[::]:80', '0.0.0.0:80', '[::]:81'), /^a\.ini:7: \[::\]:81 would be for IPv6 alone.*; add listen = 0\.0\.0\.0:81$/);
  assert.match(made('[::]:80', '0.0.0.0:80', '[::]:81', '0.0.0.0:81', '/run/a.sock'), /^BindIPv6Only=ipv6-only$/m);
  assert.doesNotMatch(made('[::]:80', '127.0.0.1:81'), /BindIPv6Only|FreeBind/);
  assert.match(made('127.0.0.1:80', '10.0.0.5:80'), /^FreeBind=yes$/m);
});
