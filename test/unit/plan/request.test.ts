import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_REQUEST, parseRequest, requestLine, type Request } from '../../../src/plan/request.js';
import { property } from '../random.js';

const GOOD: readonly Request[] = [
  { verb: 'reload', app: 'shop' }, { verb: 'start', app: 'a' }, { verb: 'stop', app: 'my-shop.v2_x' }, { verb: 'restart', app: 'x'.repeat(64) },
  { verb: 'rollback', app: 'shop', generation: 7 }, { verb: 'rollback', app: 'y'.repeat(64), generation: 999_999_999 },
];

test('what is written is read again, and is never too long', () => {
  for (const request of GOOD) {
    const line = requestLine(request);
    assert.deepEqual(parseRequest(line), request);
    assert.ok(line.length + 1 < LONGEST_REQUEST, line);
  }
});

test('nothing else is a request', () => {
  for (const line of [
    '', ' ', 'reload', 'reload ', 'reload  shop', ' reload shop', 'reload shop ', 'reload\tshop', 'Reload shop', 'reload Shop', 'reload shop\n', 'reload shop\r',
    'reload shop\0', 'reload shop flush', 'reload shop 7', 'reload --job-mode=flush shop', 'reload wsgi-app@shop', 'reload shop.service', 'reload wsgi-app@shop.service',
    'reload ../shop', 'reload a/b', 'reload a\\x2fb', 'reload .', 'reload ..', 'reload -rf', 'reload *', 'reload shop*', 'reload @x', 'reload a:b', `reload ${'x'.repeat(65)}`,
    'reload shöp', 'reload shop\u2028', 'apply shop', 'remove shop', 'kill shop', 'enable shop', 'daemon-reload', 'reload shop; stop shop', 'reload shop\nstop shop',
    'rollback shop', 'rollback shop 0', 'rollback shop 07', 'rollback shop -1', 'rollback shop 1.5', 'rollback shop 1e3', 'rollback shop 9999999999', 'rollback shop 7 8', 'withdraw shop', 'withdraw shop 7',
    'reload wsgi-app.target', 'constructor shop', '__proto__ shop', '{"verb":"reload","app":"shop"}',
  ]) assert.equal(parseRequest(line), null, JSON.stringify(line));
});

const PIECES = ['reload', 'rollback', 'stop', ' ', ' ', 'shop', '7', '-', '.', '/', '\n', '\0', '@', 'ß', 'withdraw', '*', '=', '--'];

property('a request is written as it was read', 5_000, (random) => {
  const line = random.text(PIECES, 6);
  const request = parseRequest(line);
  if (request !== null) assert.equal(requestLine(request), line);
});
