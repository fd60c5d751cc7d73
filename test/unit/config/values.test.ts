import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadValue } from '../../../src/config/fault.js';
import { KINDS, type Kind, type Limits } from '../../../src/config/kinds.js';
import { showListen } from '../../../src/config/listen.js';

/** Text and what it is read as; an Error stands for a text that is refused with a message that matches. */
const TABLE: { readonly [K in Kind]?: readonly (readonly [text: string, value: unknown, limits?: Limits])[] } = {
  span: [
    ['30', 30_000],
    ['30s', 30_000],
    ['1min 30s', 90_000],
    ['1min30s', 90_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['.5 s', 500],
    ['2500us', /finer/],
    ['2000µs', 2],
    ['2000μs', 2],
    ['1h 1m 1 second 1 msec', 3_661_001],
    ['1d 1w', 691_200_000],
    ['0', 0],
    ['0', /longer than 0/, { min: 1 }],
    ['500ms', /at least 1s/, { min: 1000 }],
    ['25d', /longer than 24d/],
    ['999999999999999999y', /longer/],
    ['infinity', /needs a bound/],
    ['off', /needs a bound/],
    ['-1s', /not a time span/],
    ['1x', /not a time span/],
    ['1S', /not a time span/],
    ['s', /not a time span/],
    ['1:30', /not a time span/],
    ['1e3', /not a time span/],
    ['0x10', /not a time span/],
    ['１s', /not a time span/],
  ],
  count: [
    ['0', 0],
    ['42', 42],
    ['007', 7],
    ['0', /at least 1/, { min: 1 }],
    ['5', /at most 4/, { max: 4 }],
    ['-1', /not a whole number/],
    ['1.5', /not a whole number/],
    ['1e3', /not a whole number/],
    ['0x10', /not a whole number/],
    ['9999999999', /not a whole number/],
  ],
  'url-path': [
    ['/', '/'],
    ['/shop/', '/shop'],
    ['/old blog', '/old blog'],
    ['shop', /not the path of a URL/],
    ['/a//b', /may not hold/],
    ['/a/../b', /may not hold/],
    ['/..', /may not hold/],
    ['/a?b', /may not hold/],
    ['/a/...', '/a/...'],
  ],
  variables: [
    ['REMOTE_USER', ['REMOTE_USER']],
    ['REMOTE_USER, SSL_CLIENT_S_DN  REMOTE_USER', ['REMOTE_USER', 'SSL_CLIENT_S_DN']],
    ['remote_user', /no variable's name/],
    ['A__B', /no variable's name/],
    ['A-B', /no variable's name/],
    ['HTTP_COOKIE', /may not hold HTTP_COOKIE/],
    ['PATH_INFO', /may not hold/],
    ['PROOF', /may not hold/],
  ],
  amount: [
    ['0', { kind: 'count', value: 0 }],
    ['2', { kind: 'count', value: 2 }],
    ['25%', { kind: 'percent', value: 25 }],
    ['100 %', { kind: 'percent', value: 100 }],
    ['101%', /at most 100%/],
    ['all', /neither/],
    ['50%%', /neither/],
  ],
  mode: [
    ['0660', 0o660],
    ['27', 0o27],
    ['0777', 0o777],
    ['1777', /bits/],
    ['0o660', /octal/],
    ['0888', /octal/],
    ['u+rw', /octal/],
  ],
  boolean: [
    ['yes', true],
    ['True', true],
    ['0', false],
    ['off', false],
    ['maybe', /neither/],
  ],
  path: [
    ['/srv/shop', '/srv/shop'],
    ['/srv//shop/./current/', '/srv/shop/current'],
    ['/', '/'],
    ['/srv/a;b #c', '/srv/a;b #c'],
    ['/srv/EPS%3AHello World/it\'s "x" $y \\x2d', '/srv/EPS%3AHello World/it\'s "x" $y \\x2d'],
    ['/srv/..shop', '/srv/..shop'],
    ['/srv/../etc', /'\.\.'/],
    ['srv/shop', /absolute/],
    ['~/shop', /absolute/],
    ['-/srv/shop', /absolute/],
    ['@/bin/sh', /absolute/],
    [`/${'x'.repeat(256)}`, /255 bytes/],
    [`/${'é'.repeat(128)}`, /255 bytes/],
    ['/abc'.repeat(1100), /4095 bytes/],
  ],
  paths: [
    ['/srv/a', ['/srv/a']],
    ['/srv/a:/srv/b c : /srv/d', ['/srv/a', '/srv/b c', '/srv/d']],
    ['/srv/a:', /empty part/],
    ['/srv/a:b', /absolute/],
  ],
  'environment-file': [
    ['/etc/shop.env', { path: '/etc/shop.env', optional: false }],
    ['-/etc/shop.env', { path: '/etc/shop.env', optional: true }],
    ['--/etc/shop.env', /absolute/],
    ['/etc/*.env', /may not hold/],
    ['/etc/a\\x2db', /may not hold/],
  ],
  host: [
    ['localhost', 'localhost'],
    ['www.example.org:8443', 'www.example.org:8443'],
    ['[::1]:80', '[::1]:80'],
    ['https://www.example.org', /not a host name/],
    ['www.example.org/', /not a host name/],
    ['a b', /not a host name/],
  ],
  'request-path': [
    ['/', '/'],
    ['/health?deep=1&x=%20', '/health?deep=1&x=%20'],
    ['health', /not a path/],
    ['http://localhost/', /not a path/],
    ['/a b', /spaces/],
    ['/a HTTP/1.1', /spaces/],
  ],
  module: [
    ['shop', 'shop'],
    ['shop.wsgi', 'shop.wsgi'],
    ['shop.wsgi:app', 'shop.wsgi:app'],
    ['my-shop._wsgi', 'my-shop._wsgi'],
    ['größe.wsgi', 'größe.wsgi'],
    ['-shop', /not a Python module/],
    ['@shop', /not a Python module/],
    ['+shop', /not a Python module/],
    ['!shop', /not a Python module/],
    [':shop', /not a Python module/],
    ['.shop', /not a Python module/],
    ['shop..wsgi', /not a Python module/],
    ['shop/wsgi.py', /not a Python module/],
    ['shop wsgi', /not a Python module/],
    ['shop:app:x', /not a Python module/],
    ['shop:app.wsgi', /plain name/],
    ['shop:create_app()', /plain name/],
    ['shop:', /plain name/],
  ],
  factory: [
    ['shop:create_app()', 'shop:create_app()'],
    ['shop:create_app', 'shop:create_app()'],
    ['shop.web:make("prod", debug=False)', 'shop.web:make("prod", debug=False)'],
    ['create_app()', /not a call/],
    ['shop:create_app().wsgi', /not a call/],
    ['-shop:create_app()', /not a call/],
  ],
  identifier: [
    ['application', 'application'],
    ['_app2', '_app2'],
    ['2app', /not a Python name/],
    ['a.b', /not a Python name/],
  ],
  account: [
    ['shop', 'shop'],
    ['www-data', 'www-data'],
    ['DOM_user.name@example.org', 'DOM_user.name@example.org'],
    ['machine$', 'machine$'],
    ['1000', '1000'],
    ['000', '0'],
    ['65535', /not a number/],
    ['4294967295', /not a number/],
    ['-shop', /not the name/],
    ['a:b', /not the name/],
    ['%i', /not the name/],
    ['a b', /not the name/],
    ['a/b', /not the name/],
  ],
  listen: [
    ['/run/shop.sock', { kind: 'unix', path: '/run/shop.sock' }],
    ['127.0.0.1:8000', { kind: 'inet', host: '127.0.0.1', port: 8000 }],
    ['[::1]:8000', { kind: 'inet', host: '::1', port: 8000 }],
    ['[0:0:0:0::1]:08000', { kind: 'inet', host: '::1', port: 8000 }],
    ['[FE80::A]:1', { kind: 'inet', host: 'fe80::a', port: 1 }],
    ['@shop/web', { kind: 'abstract', name: 'shop/web' }],
    [`/${'x'.repeat(106)}`, { kind: 'unix', path: `/${'x'.repeat(106)}` }],
    [`/${'x'.repeat(107)}`, /107 bytes/],
    [`/${'é'.repeat(54)}`, /107 bytes/],
    [`@${'x'.repeat(107)}`, /107 bytes/],
    ['/', /not the path/],
    ['@', /letters/],
    ['@a b', /letters/],
    ['8000', /not an address/],
    ['*:8000', /not an address/],
    ['localhost:8000', /not an address/],
    ['unix:/run/shop.sock', /not an address/],
    ['127.0.0.1', /not an address/],
    ['127.0.0.256:80', /not an IP address/],
    ['127.1:80', /not an IP address/],
    ['010.0.0.1:80', /not an IP address/],
    ['[::1::]:80', /not an IP address/],
    ['[::1%eth0]:80', /not an address/],
    ['::1:80', /not an address/],
    ['127.0.0.1:0', /port/],
    ['127.0.0.1:65536', /port/],
  ],
  static: [
    ['/static  /srv/shop/static/', { url: '/static', directory: '/srv/shop/static' }],
    ['/old static /srv/a b', { url: '/old static', directory: '/srv/a b' }],
    ['/static', /not a path of URLs and a directory/],
    ['/ /srv', /nothing to the app/],
    ['/a /srv/$b', /may not hold/],
  ],
  statuses: [
    ['200-399', [{ from: 200, to: 399 }]],
    ['200, 301 - 302', [{ from: 200, to: 200 }, { from: 301, to: 302 }]],
    ['200,', /not a list/],
    ['2xx', /not a list/],
    ['200-600', /100 to 599/],
    ['399-200', /before it begins/],
  ],
  choice: [
    ['kill', 'kill', { choices: ['kill', 'wait'] }],
    ['Kill', /one of kill, wait/, { choices: ['kill', 'wait'] }],
    ['uvicorn', /must be gunicorn/, { choices: ['gunicorn'] }],
  ],
};

for (const [kind, rows] of Object.entries(TABLE)) {
  test(`values of the kind ${kind}`, () => {
    const read: (text: string, limits: Limits) => unknown = KINDS[kind as Kind];
    for (const [text, expected, limits = {}] of rows) {
      if (expected instanceof RegExp) {
        assert.throws(() => read(text, limits), (error) => error instanceof BadValue && expected.test(error.message), text);
      } else {
        assert.deepEqual(read(text, limits), expected, text);
      }
    }
  });
}

test('every kind of value has its table', () => {
  assert.deepEqual(
    Object.keys(KINDS).filter((kind) => !(kind in TABLE)),
    ['text'],
  );
});

test('an address is shown so that it reads the same', () => {
  for (const text of ['/run/shop.sock', '127.0.0.1:8000', '[::1]:8000', '@shop']) {
    assert.equal(showListen(KINDS.listen(text)), text);
  }
});
