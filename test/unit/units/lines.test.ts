// No value ends a line, whatever its origin: each one of every template, the proxies' too, is refused if it could.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { UserError } from '../../../src/errors.js';
import { apacheView } from '../../../src/proxy/apache.js';
import { frontOf } from '../../../src/proxy/app-front.js';
import { nginxView } from '../../../src/proxy/nginx.js';
import { PROXY_TEMPLATES, render, SANDBOX_TEMPLATE, SOCKET_TEMPLATE, STATIC_UNITS, TOUCH_TEMPLATE, WORKER_TEMPLATE, type TemplateName } from '../../../src/units/render.js';
import { socketView, touchView } from '../../../src/units/view.js';
import { template, viewOf } from './made.js';

const INI = `${readFileSync(new URL('../../../../test/cases/everything.ini', import.meta.url), 'utf8')}
[credentials]
key = /etc/shop.key
[environ]
A = b
[proxy]
mount = /shop
mount = /
static = /shop/static /var/lib/shop/static
proof = yes
`;
const { config } = readApp('/etc/wsgictl/apps.d/shop.ini', 'shop', INI, 'system');
assert.ok(config !== null);
const front = { ...frontOf(config, { address: '/run/wsgi/shop.sock', stateDirectory: '/var/lib/wsgictl', trusted: () => '/var/lib/shop' }), remarks: ['x'], guards: new Map([['shop', [['Require all granted']]]]) };

/** Of all but the one template that has no values. */
const VIEWS: Readonly<Record<Exclude<TemplateName, typeof SANDBOX_TEMPLATE>, object>> = {
  ...Object.fromEntries(STATIC_UNITS.map((name) => [name, { system: true, units: '/etc/systemd/system', wsgictl: '/usr/bin/wsgictl', sandbox: ['NoNewPrivileges=yes'] }])) as Record<(typeof STATIC_UNITS)[number], object>,
  [WORKER_TEMPLATE]: viewOf(config),
  [SOCKET_TEMPLATE]: socketView(config, 'www-data', '%t'),
  [TOUCH_TEMPLATE]: touchView(config, ['/srv/shop/shop.wsgi']),
  [PROXY_TEMPLATES.apache]: apacheView(front),
  [PROXY_TEMPLATES.nginx]: nginxView(front),
};

const HOSTILE = ['x\nExecStartPre=+/x', 'x\r', 'x\0', '\u0085', '\u009b', '\u2028', '\u2029', '\ufdd0', '\uffff'];

/** The same view with one of its texts replaced, for each of them. */
function* replaced(value: unknown, by: string, path = ''): Generator<{ readonly path: string; readonly view: unknown }> {
  if (typeof value === 'string') yield { path, view: by };
  else if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) {
      for (const inner of replaced(one, by, `${path}/${at}`)) yield { path: inner.path, view: Object.assign([...value], { [at]: inner.view }) };
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      for (const inner of replaced(one, by, `${path}/${key}`)) yield { path: inner.path, view: { ...value, [key]: inner.view } };
    }
  }
}

for (const [name, view] of Object.entries(VIEWS) as [TemplateName, object][]) {
  test(`no value of ${name} ends a line`, () => {
    assert.ok(render(template(name), view).length > 0);
    for (const by of HOSTILE) {
      const all = [...replaced(view, by)];
      assert.ok(all.length > 0);
      for (const { path, view: hostile } of all) assert.throws(() => render(template(name), hostile as object), UserError, `${path}: ${JSON.stringify(by)}`);
    }
  });
}
