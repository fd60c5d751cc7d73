import assert from 'node:assert/strict';
import { after } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { hasControl } from '../../../src/config/control.js';
import { formatDiagnostic } from '../../../src/errors.js';
import { apacheView } from '../../../src/proxy/apache.js';
import { PROXY_TEMPLATES, render } from '../../../src/units/render.js';
import { property, type Random } from '../random.js';
import { template } from '../units/made.js';
import { Modules } from '../../../src/apache/condition.js';
import { Notes } from '../../../src/apache/notes.js';
import { Reader } from '../../../src/apache/reader.js';
import { Variables } from '../../../src/apache/variables.js';
import { importText, machine } from './machine.js';

const PIECES = [
  'a', 'shop', '/', '/srv', ' ', '"', "'", '\\', '%{GLOBAL}', '%{ENV:X}', '${X}', '${NO}', '=', '#', '<', '>', ':', '$1', '(', ')', '.*', '\t', 'é', '🐍',
  'process-group=', 'user=', 'home=/srv', 'processes=', 'threads=2', '-1', '0', '99999999999', 'python-path=', '.wsgi', '\u0085', '\u2028', '%s', '$', ';', 'null', '[app]',
];
const NAMES = [
  'WSGIDaemonProcess', 'WSGIScriptAlias', 'WSGIScriptAliasMatch', 'WSGIProcessGroup', 'WSGIApplicationGroup', 'WSGICallableObject', 'WSGIPythonHome', 'WSGIPythonPath',
  'WSGIPassAuthorization', 'WSGIImportScript', 'WSGIChunkedRequest', 'WSGINothing', 'SetEnv', 'UnsetEnv', 'PassEnv', 'Alias', 'AliasMatch', 'Redirect', 'AuthType', 'Require', 'SetHandler',
  'AddHandler', 'ServerName', 'User', 'Group', 'Include', 'IncludeOptional', 'Define', 'Use', 'ProxyPass', 'SetEnvIf', 'RewriteRule', 'wsgidaemonprocess',
];
const SECTIONS = ['VirtualHost', 'Location', 'LocationMatch', 'Directory', 'Files', 'If', 'IfDefine', 'IfModule', 'IfVersion', 'Macro', 'RequireAny'];

function line(random: Random): string {
  const args = random.text(PIECES, 6);
  if (random.once(6)) return `<${random.pick(SECTIONS)} ${args}>`;
  if (random.once(6)) return `</${random.pick(SECTIONS)}>`;
  if (random.once(12)) return random.text(PIECES, 5);
  return `${random.pick(NAMES)} ${args}`;
}

property('whatever the file, nothing throws, nothing is passed over in silence, and what comes out can be read', 200, (random) => {
  const lines = Array.from({ length: random.between(1, 25) }, () => line(random));
  // Something that makes an app, more often than not.
  if (!random.once(3)) lines.splice(random.between(0, lines.length), 0, 'WSGIDaemonProcess shop threads=2', 'WSGIProcessGroup shop', 'WSGIScriptAlias /x /srv/x.wsgi');
  const imported = importText(lines.join(random.once(4) ? '\r\n' : '\n'));
  assert.ok(imported.diagnostics.every((one) => !hasControl(formatDiagnostic(one))));
  if (!imported.diagnostics.some(({ severity }) => severity === 'error')) {
    const ended = new Set(imported.endings.filter(({ what }) => /^wsgi/i.test(what)).map(({ place }) => place.line));
    assert.equal(ended.size, imported.directives, lines.join('\n'));
  }
  for (const { name, text, config } of imported.apps) {
    const read = readApp(`${name}.ini`, name, text, 'system');
    assert.deepEqual(read.diagnostics.filter(({ severity }) => severity === 'error'), [], text);
    assert.deepEqual(read.config, config);
  }
  for (const front of imported.fronts) assert.doesNotMatch(render(template(PROXY_TEMPLATES.apache), apacheView(front)), /undefined|\[object/);
});

const EVIL = ['"', "'", '\\', '\\\\', '\t', '\u00a0', '\u2028', '\u0085', '\u0000', '\r', '\u000b', '\ufeff', '\ufffd', '#', '<', '>', '</ProxyMatch>', '${X}', '%{x}', '\\\n', ' \\ ', 'é', '=', ';'];
const SAID = ['Require ip 10.0.0.1', 'Header set X', 'AuthName', 'SetEnv A', 'ErrorDocument 404', 'Order', '"Require" user', 'LimitRequestBody', 'Redirect /a', 'SetEnvIf A b', 'Require all granted'];

property('whatever the values, what comes out is one line for each', 400, (random) => {
  const value = (plain: string): string => `${plain}${random.once(6) ? random.pick(EVIL) : ''}${random.once(12) ? random.pick(EVIL) : ''}`;
  const lines = (): string => Array.from({ length: random.between(0, 3) }, () => `${random.pick(SAID)} ${value('x')}\n`).join('');
  const section = (inner: string): string => {
    const [open, close] = random.pick([['<If "true">', '</If>'], ['<Limit GET>', '</Limit>'], ['<Files *.wsgi>', '</Files>'], ['<RequireAny>', '</RequireAny>']] as const);
    return random.once(3) ? `${value(open)}\n${inner}${close}\n` : inner;
  };
  const imported = importText({
    '/etc/apache2/site.conf': `WSGIDaemonProcess shop user=${value('u')} home=/srv${value('/h')}\n<Directory /srv>\nAllowOverride All Nonfatal=All\n${section(lines())}Require ip 10.0.0.0/8\n</Directory>
<VirtualHost *:80>\nServerName ${value('a.example')}\nWSGIScriptAlias /x${value('/y')} /srv/x.wsgi process-group=shop\nAlias ${value('/x/s')} /s\n</VirtualHost>\n`,
    '/srv/.htaccess': section(lines()),
  });
  for (const { text } of imported.apps) for (const line of text.trimEnd().split('\n')) assert.ok(/^(?:$|# |\[[a-z]+\]$|[\w-]+ =)/.test(line) && !hasControl(line), JSON.stringify(line));
  if (imported.diagnostics.some(({ severity }) => severity === 'error')) return;
  reached++;
  const produced = imported.fronts.map((front) => render(template(PROXY_TEMPLATES.apache), apacheView(front))).join('');
  for (const line of produced.split('\n')) assert.ok(!line.endsWith('\\') && !hasControl(line.replaceAll('\t', ' ')), JSON.stringify(line));
  const notes = new Notes();
  const conditions = { sources: machine({}), variables: new Variables(new Map()), modules: new Modules([]), version: '2.4.62' };
  const sections = new Reader({ ...conditions, serverRoot: '/' }, notes).readFile('apache.conf', produced).filter(({ isSection }) => isSection);
  assert.deepEqual(notes.list(), [], produced);
  // No value closes a section: each is one of those that the template opens.
  assert.deepEqual(sections.filter(({ name }) => !/^(?:proxy|proxymatch|location|locationmatch)$/u.test(name)), [], produced);
});

let reached = 0;
after(() => assert.ok(process.env['WSGICTL_SEED'] !== undefined || reached > 50, `only ${reached} came to an end`));

/** Options, the text that stands for a value in them, and what the app's setting then is. */
const VALUES: readonly (readonly [option: string, values: readonly string[], setting: (config: Record<string, Record<string, unknown>>) => unknown, wanted: (value: string) => unknown])[] = [
  ['user', ['shop', 'www-data', '_x'], (config) => config['app']?.['user'], (value) => value],
  ['home', ['/srv', '/srv/a b', '/srv/%h', "/srv/it's", '/srv/ü;#', '/srv/"x"'], (config) => config['app']?.['directory'], (value) => value],
  ['python-home', ['/opt/venv', '/opt/my venv'], (config) => config['app']?.['virtualenv'], (value) => value],
  ['python-path', ['/a', '/a:/b c', '/a:/%i/$x'], (config) => config['app']?.['python-path'], (value) => value.split(':')],
  ['processes', ['1', '7', '007'], (config) => config['workers']?.['processes'], Number],
  ['threads', ['1', '15', '40'], (config) => config['workers']?.['threads'], Number],
  ['maximum-requests', ['1', '5000'], (config) => config['workers']?.['max-requests'], Number],
  ['request-timeout', ['1', '90'], (config) => config['workers']?.['request-timeout'], (value) => Number(value) * 1000],
  ['graceful-timeout', ['5', '600'], (config) => config['reload']?.['graceful-timeout'], (value) => Number(value) * 1000],
  ['umask', ['0', '0027', '077'], (config) => config['app']?.['umask'], (value) => Number.parseInt(value, 8)],
];

property('what an option says arrives in the app, however it is written', 100, (random) => {
  const chosen = VALUES.filter(() => random.once(2)).map(([option, values, setting, wanted]) => ({ option, value: random.pick(values), setting, wanted }));
  const written = chosen.map(({ option, value }) => `${option}=${quoted(value, random)}`);
  const between = (): string => random.pick([' ', '  ', ' \\\n  ', '\t']);
  const text = `WSGIDaemonProcess shop${written.map((one) => between() + one).join('')}\nWSGIScriptAlias / /srv/shop.wsgi process-group=shop\n`;
  const { apps: [app], diagnostics } = importText(text);
  assert.deepEqual(diagnostics, [], text);
  for (const { option, value, setting, wanted } of chosen) {
    assert.deepEqual(setting(app?.config as unknown as Record<string, Record<string, unknown>>), wanted(value), `${option} in ${text}`);
  }
});

function quoted(value: string, random: Random): string {
  const quote = /[\s'"]/.test(value) || random.once(3) ? random.pick(['"', "'"]) : '';
  return quote + (quote === '' ? value : value.replaceAll(quote, `\\${quote}`)) + quote;
}
