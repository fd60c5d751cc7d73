// No value can end a directive in what is printed for a proxy.
import assert from 'node:assert/strict';
import { readApp } from '../../../src/config/app.js';
import { apacheView } from '../../../src/proxy/apache.js';
import { frontOf } from '../../../src/proxy/app-front.js';
import { nginxView } from '../../../src/proxy/nginx.js';
import { PROXY_TEMPLATES, render } from '../../../src/units/render.js';
import { property, type Random } from '../random.js';
import { template } from '../units/made.js';

const PIECES = [
  'a', '/', '"', "'", '\\', '$', '${', '}', '{', ';', '>', '<', '%', '#', ' ', '  ', '*', '[', ']', '|', '^', '(', ')', 'é', '🐍', '\\n', '\\"', '%{X}', '!', '=', ',',
  '} server { listen 81; }', '">\nAlias / /\n<Location "', '"; }', '\u00a0', '\u2003', '~', '^~ /',
];

interface Values {
  readonly listen: string;
  readonly mounts: readonly string[];
  readonly route: string;
  readonly files: string;
}

const HARMLESS: Values = { listen: '/run/x', mounts: ['/a', '/b'], route: '/r', files: '/s /srv/s' };

/** What is printed for both, or null where the configuration is refused. */
function printed({ listen, mounts, route, files }: Values): { readonly nginx: string; readonly apache: string } | null {
  const text = ['[app]', 'module = x', 'user = x', '[socket]', `listen = ${listen}`, '[proxy]', ...mounts.map((mount) => `mount = ${mount}`),
    ...mounts.map((mount) => `route = ${mount}`), `route = ${route}`, `static = ${files}`, 'variables = REMOTE_USER', 'proof = yes', ''].join('\n');
  const { config } = readApp('x.ini', 'x', text, 'system');
  if (config === null) return null;
  const front = frontOf(config, { address: '/run/x.sock', stateDirectory: '/var/lib/wsgictl', trusted: (path) => path });
  return { nginx: render(template(PROXY_TEMPLATES.nginx), nginxView(front)), apache: render(template(PROXY_TEMPLATES.apache), apacheView(front)) };
}

/** The names of nginx's directives and its blocks, as it reads words: its own quoting, and comments. */
function nginxShape(text: string): string {
  const shape: string[] = [];
  let first = true;
  for (const [token = ''] of text.matchAll(/"(?:[^"\\]|\\[^])*"|#.*|[{};]|[^\s{};"#][^\s{};]*/g)) {
    if (token.startsWith('#')) continue;
    if (first || /^[{};]$/.test(token)) shape.push(token);
    first = /^[{};]$/.test(token);
  }
  return shape.join(' ');
}

/** The names of Apache's directives: one a line, unless the line ends in a backslash. */
function apacheShape(text: string): string {
  const lines = text.replaceAll('\\\n', '').split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    // A path with wildcards is said by an expression.
    const name = (line.split(/[\s>]/)[0] ?? '').replace('LocationMatch', 'Location');
    return line.startsWith('<') ? `${name}${/^<[^"]*("(?:[^"\\]|\\[^])*")?>$/.test(line) ? '' : ' (not closed)'}` : name;
  }).join(' ');
}

function draw(random: Random): Values {
  const path = (): string => `/${random.text(PIECES, 6)}`.replaceAll('\n', ' ').trim();
  return random.pick([
    { ...HARMLESS, listen: path() }, { ...HARMLESS, mounts: [path(), path()] }, { ...HARMLESS, route: path() }, { ...HARMLESS, files: `${path()} ${path()}` },
  ]);
}

property('the directives for a proxy are as many and the same, whatever the values', 2000, (random) => {
  const values = draw(random);
  const [seen, harmless] = [printed(values), printed(HARMLESS)];
  assert.ok(harmless !== null);
  if (seen === null || values.mounts.includes('/') || values.route === '/') return;
  if (new Set([...values.mounts, values.route]).size < 3) return;
  assert.equal(nginxShape(seen.nginx), nginxShape(harmless.nginx), JSON.stringify(values));
  assert.equal(apacheShape(seen.apache), apacheShape(harmless.apache), JSON.stringify(values));
});
