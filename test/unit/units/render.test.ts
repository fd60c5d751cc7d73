import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { SETTINGS, type AppConfig } from '../../../src/config/settings.js';
import { UserError } from '../../../src/errors.js';
import { PROXY_TEMPLATES, render, SANDBOX_TEMPLATE, SOCKET_TEMPLATE, STATIC_UNITS, SYSTEM_UNITS, TOUCH_TEMPLATE, WORKER_TEMPLATE } from '../../../src/units/render.js';
import { eachSeed, type Random } from '../random.js';
import { socketText, template, TEMPLATES, viewOf, workerText } from './made.js';
import { command, expand, readUnit, words, type Directive } from './unit-text.js';

test('each packaged template is one that we know, and each that we know is there', () => {
  const files = readdirSync(TEMPLATES).map((name) => name.replace(/\.hbs$/, ''));
  assert.deepEqual(files.sort(), [...STATIC_UNITS, SANDBOX_TEMPLATE, WORKER_TEMPLATE, SOCKET_TEMPLATE, TOUCH_TEMPLATE, ...Object.values(PROXY_TEMPLATES)].sort());
});

for (const system of [true, false]) {
  for (const name of STATIC_UNITS) {
    if (!system && SYSTEM_UNITS.includes(name)) continue;
    test(`${name}, ${system ? 'of the system' : 'of a user'}, can be read`, () => {
      const sandbox = system ? render(template(SANDBOX_TEMPLATE), {}).trimEnd().split('\n') : [];
      const directives = readUnit(render(template(name), { system, units: '/etc/systemd/system', wsgictl: '/usr/bin/wsgictl', sandbox }));
      assert.ok(directives.length > 2);
      if (!system) assert.ok(!directives.some(({ name: key, value }) => /front|request|www-data|multi-user/.test(key + value)));
      // Wherever wsgictl runs as root it has the sandbox, and so has what workers share namespaces with; a user manager has
      // nothing that it would refuse.
      const runs = name === 'wsgi-app-tmp@.service' || directives.some(({ value }) => value.includes('/usr/bin/wsgictl'));
      assert.equal(directives.some(({ name: key }) => key === 'CapabilityBoundingSet'), runs && system && name.endsWith('.service'));
    });
  }
}

const own = (text: string) => ({ name: 'x.service', file: '/etc/wsgictl/templates/x.service.hbs', text });

test("an admin's template that is faulty is told so, by its file", () => {
  for (const text of ['{{nothing}}', '{{#if sandbox.nothing}}x{{/if}}', '{{#each nothing}}x{{/each}}', '{{#unless nothing}}x{{/unless}}', '{{#if a}}', '{{/each}}', '{{> partial}}', '{{unknown "x"}}', '{{log "x"}}', '{{app.name.first}}']) {
    assert.throws(() => render(own(text), { app: 'shop', sandbox: { on: true } }), (error: unknown) => {
      assert.ok(error instanceof UserError, `${text}: ${String(error)}`);
      assert.match(error.message, /^cannot render \/etc\/wsgictl\/templates\/x\.service\.hbs: [^\n]+$/);
      assert.equal(error.hint, 'compare it with the packaged x.service.hbs');
      return true;
    });
  }
});

test('what a block asks for is there, or the line is told', () => {
  const view = { none: null, list: [], flag: false, sandbox: { on: true } };
  assert.equal(render(own('{{#if none}}a{{/if}}{{#each list}}b{{/each}}{{#unless flag}}c{{/unless}}{{#with sandbox}}{{on}}{{/with}}'), view), 'ctrue');
  assert.throws(() => render(own('[Service]\n{{#if usr}}\nUser=x\n{{/if}}\n'), view), /#if asks for what is not defined - 2:0/);
});

test('values are not escaped as HTML, nor rendered once more', () => {
  assert.equal(render(own('{{a}}'), { a: `<&>"'\`= {{a}}` }), `<&>"'\`= {{a}}`);
});

const PIECES = [
  '%', '%%', '%n', '%i', '$', '$$', '${X}', '"', "'", '\\', '\\\\', '\\x2d', '\\n', ' ', '=', ';', '#', '[Service]', 'ExecStartPre=+/x', 'ß', '🐍', '\u00a0',
  '-', '@', '+', '!', ':', '|', '/', '/a', 'b', 'c.d', '1', '9', 's', '%', 'x()', '(', ')', '{{app}}', '<', '&', '`', '~', ',', '..',
];

/** A value that its setting may take: from its default, its kind, or anything. */
function valueFor(random: Random, key: string, kind: string, usual: string | null): string {
  const text = random.text(PIECES, 8).trim();
  if (random.once(60)) return text;
  switch (kind) {
    case 'path': case 'paths': case 'environment-file': return `/${text}`;
    case 'listen': return random.pick([`/${text}`, '127.0.0.1:80', '[::1]:80', '@x/y']);
    case 'module': case 'factory': return random.pick(['x', 'x.y:z', 'größe:app', `x:f(${text})`]);
    case 'static': return random.pick(['/static /srv/static', '/a b /srv/%i #']);
    case 'request-path': return `/${text.replaceAll(' ', '')}`;
    case 'account': return random.pick(['shop', '1000', 'x$', 'a.b@c']);
    case 'span': return random.pick(['5', '2500ms', '1min 30s', 'off', '1h']);
    case 'count': return String(random.between(0, 60_000));
    case 'choice': return random.pick(['default', 'strict', 'off', 'wait', 'kill', 'pass', 'gunicorn', 'boot']);
    case 'text': return text;
    default: return usual ?? (key === 'status' ? '200' : text);
  }
}

/** An INI file with settings by chance, and the configuration that is made of it, if it is a good one. */
function drawn(random: Random): AppConfig | null {
  const sections = new Map<string, string[]>();
  const keys = new Set(['user', 'directory', random.pick(['module', 'script', 'factory']), random.pick(['python', 'virtualenv'])]);
  for (const row of SETTINGS) {
    const one = /^(module|script|factory|python|virtualenv|callable)$/.test(row.key);
    if (!keys.has(row.key) && (one || !random.once(5))) continue;
    const line = `${row.key} = ${valueFor(random, row.key, row.kind, row.default)}`;
    sections.set(row.section, [...(sections.get(row.section) ?? []), line]);
  }
  const [environment, service] = [random.between(0, 3), random.between(0, 2)];
  sections.set('environment', Array.from({ length: environment }, (_, at) => `V${at} = ${random.text(PIECES, 10)}`));
  sections.set('service', Array.from({ length: service }, () => `${random.pick(['MemoryMax', 'ReadWritePaths', 'X', 'Nice'])} = ${random.text(PIECES, 6)}`));
  const text = [...sections].map(([section, lines]) => `[${section}]\n${lines.join('\n')}\n`).join('');
  return readApp('/etc/wsgictl/apps.d/my-shop.ini', 'my-shop', text, 'system').config;
}

const named = (directives: readonly Directive[]): string[] => directives.map(({ section, name }) => `${section}.${name}`);

/** The same view, with every value of the configuration harmless. */
function harmless(view: object): object {
  return Object.fromEntries(Object.entries(view).map(([key, value]): [string, unknown] => {
    if (key === 'service') return [key, (value as string[]).map((line) => `${line.split('=')[0]}=x`)];
    if (typeof value === 'string') return [key, 'x'];
    if (Array.isArray(value)) return [key, value.map(() => 'x')];
    return [key, typeof value === 'object' && value !== null ? harmless(value) : value];
  }));
}

test('no value of a configuration can add, swallow or change a directive, and all arrive as they were written', () => {
  let good = 0;
  eachSeed(3_000, (random) => {
    const config = drawn(random);
    if (config === null) return;
    good += 1;
    const directives = readUnit(workerText(config));
    assert.deepEqual(named(directives), named(readUnit(render(template(WORKER_TEMPLATE), harmless(viewOf(config))))));
    arrives(config, directives);
    const socket = readUnit(socketText(config));
    const listens = Math.max(1, config.socket.listen.length);
    assert.deepEqual(named(socket).filter((name) => name === 'Socket.ListenStream').length, 1 + listens);
    assert.equal(socket.length, 1 + listens + 3 + (config.socket.user === null ? 0 : 1));
  });
  assert.ok(good > 100 || process.env['WSGICTL_SEED'] !== undefined, `only ${good} of the files were good`);
});

function arrives(config: AppConfig, directives: readonly Directive[]): void {
  const values = (name: string): string[] => directives.filter((one) => one.name === name).map(({ value }) => value);
  const { app, environment, service, workers } = config;
  const description = app.description ?? 'WSGI app my-shop';
  assert.equal(expand(values('Description')[0] ?? ''), `${description} (worker INSTANCE of generation GENERATION)`);
  assert.deepEqual(values('WorkingDirectory').map((value) => expand(value).replace(/(?<=[\\ ])\/$/, '')), app.directory === null ? [] : [app.directory]);
  assert.deepEqual(values('Environment').map((value) => words(value).map((word) => expand(word))), environment.map(({ name, value }) => [`${name}=${value}`]));
  assert.deepEqual(values('EnvironmentFile').map((value) => expand(value)).map((file) => file.replace(/ \/$/, ' ')),
    app['environment-file'].map(({ path, optional }) => `${optional ? '-' : ''}${path}`));
  assert.deepEqual(values('User'), app.user === null ? [] : [app.user]);
  assert.deepEqual(directives.slice(directives.length - service.length).map(({ name, value }) => `${name}=${value}`), service.map(({ name, value }) => `${name}=${value}`));
  const [program, runner, ...options] = command(values('ExecStart')[0] ?? '');
  assert.equal(program, app.python);
  assert.equal(runner, '/var/lib/wsgictl/.runner/0123456789ab');
  const given = (key: string): string[] => options.filter((one) => one.startsWith(`--${key}=`)).map((one) => one.slice(key.length + 3));
  assert.ok(options.every((one) => one.startsWith('--')));
  for (const key of ['module', 'script', 'factory', 'gunicorn-config'] as const) assert.deepEqual(given(key), app[key] === null ? [] : [app[key]]);
  assert.deepEqual(given('python-path'), app['python-path'] ?? []);
  assert.deepEqual(given('warm-up'), config.health['warm-up']);
  assert.deepEqual(given('threads'), [String(workers.threads)]);
}
