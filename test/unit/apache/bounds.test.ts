import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regexOf } from '../../../src/apache/regex.js';
import { matchesPattern, patternRegex } from '../../../src/apache/pattern.js';
import { apacheView } from '../../../src/proxy/apache.js';
import { eachSeed } from '../random.js';
import { importText } from './machine.js';

const MOUNT = 'WSGIScriptAlias / /srv/shop.wsgi\n';

function faults(files: string | Readonly<Record<string, string>>): readonly string[] {
  return importText(files).diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message);
}

test('what has no end in Apache, or too far a one, is a fault and not a crash', () => {
  const site = '/etc/apache2/site.conf';
  assert.match(faults({ [site]: `Include ${site}\nInclude ${site}\n${MOUNT}` }).join('\n'), /goes round in a circle/);
  assert.match(faults(`<Macro A>\nUse A\nUse A\n</Macro>\nUse A\n${MOUNT}`).join('\n'), /goes round in a circle/);
  assert.match(faults(`Define A aaaaaaaaaaaaaaaa\n${'Define A ${A}${A}\n'.repeat(40)}${MOUNT}`).join('\n'), /more than 1000000 characters/);
  for (const section of ['<Location /a>', '<IfDefine !NONE>']) assert.match(faults(section.concat('\n').repeat(30_000) + MOUNT).join('\n'), /more than 200 sections stand in each other/);
});

test('what is no directive is a fault, but in a program; a program is not carried as one', () => {
  assert.match(faults(`~\n${MOUNT}`).join('\n'), /'~' is no directive/);
  assert.match(faults(`"<Directory" /srv>\n${MOUNT}`).join('\n'), /'<Directory' is no directive/);
  assert.deepEqual(faults(`<Perl>\n$x = {\n};\n</Perl>\n${MOUNT}`), []);
  assert.match(faults(`<Directory /srv>\n<LuaHookAccessChecker>\nreturn 1;\n</LuaHookAccessChecker>\n</Directory>\n${MOUNT}`).join('\n'), /cannot be carried/);
});

test('what follows a circle is read again', () => {
  const imported = importText({ '/etc/apache2/site.conf': `Include circle.conf\nInclude app.conf\n`, '/etc/apache2/circle.conf': 'Include circle.conf\nInclude circle.conf\n', '/etc/apache2/app.conf': MOUNT });
  assert.equal(imported.apps.length, 1);
});

test("expressions are Perl's: what JavaScript reads otherwise is translated, or not read", () => {
  for (const [source, text, matches] of [
    ['^/srv/[[:alpha:]]+$', '/srv/ab', true], ['^/srv/[[:alpha:]]+$', '/srv/a1', false], ['^[^[:digit:]/]', '1', false], ['\\A/a\\z', '/a', true],
    ['(?i)^/A', '/a', true], ['(?P<name>a)', 'a', true], ['\\.py$', 'a.py', true], ['\\\\A', 'A', false],
  ] as const) assert.equal(regexOf(source)?.test(text), matches, source);
  for (const source of ['(?>a)', 'a++', '\\Qa.b\\E', '[[:^alpha:]]', '\\x{2f}', '\\h', '(?x) a', '(']) assert.equal(regexOf(source), null, source);
});

test('an expression matches as JavaScript would, where both can read it; a pattern as an expression for it', () => {
  const pieces = ['a', 'b', '/', '.', '*', '+', '?', '(', ')', '|', '[ab]', '[^a]', '^', '$', '(?:', '\\d', '\\.', '{2}', '{1,2}', '*?', '(?=', '(?!', '(?<=', '\\b', 'x', '\\w'];
  eachSeed(3_000, (random) => {
    const source = random.text(pieces, 8);
    const expression = regexOf(source);
    const text = random.text(['a', 'b', '/', '.', 'x', '1'], 7);
    if (expression !== null) assert.equal(expression.test(text), new RegExp(source).test(text), `${source} ${text}`);
    const pattern = `a${random.text(['a', 'b', '*', '?', '[ab]', '/', '.'], 6)}`;
    assert.equal(matchesPattern(pattern, text), new RegExp(`^${patternRegex(pattern)}$`, 's').test(text), `${pattern} ${text}`);
  });
});

test('no expression and no pattern runs for ever: what takes too long is told, and in a .htaccess a fault', () => {
  const script = 'WSGIScriptAlias / /srv/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/app.py\n';
  const left = importText(`<DirectoryMatch "^/srv/(a+)+$">\nRequire all denied\n</DirectoryMatch>\n${script}`).endings;
  assert.ok(left.some(({ end, text }) => end === 'left' && /takes too long/.test(text)));
  const hostile = '<FilesMatch "^((\\w|\\w|\\w)+)+!">\n</FilesMatch>\n<Files "*a*a*a*a*a*a*a*b">\n</Files>\n'.repeat(200);
  assert.match(faults({ '/etc/apache2/site.conf': `<Directory />\nAllowOverride All\n</Directory>\n${script.replace('app.py', `${'a'.repeat(60)}.py`)}`, [`/srv/${'a'.repeat(40)}/.htaccess`]: hostile }).join('\n'), /takes too long/);
  assert.equal(matchesPattern('*a'.repeat(2_000), 'a'.repeat(1_999)), false);
});

test('a file that is somebody else\'s is told of as far as anybody reads', () => {
  for (const text of ['x\n', '</a>\n', '<a>\n', '<If "true">\n', 'Require all granted\n', 'SetEnv A 1\n']) {
    const { diagnostics } = importText({ '/etc/apache2/site.conf': `<Directory />\nAllowOverride All\nRequire ip 10.0.0.0/8\n</Directory>\n${MOUNT}`, '/srv/.htaccess': text.repeat(3_000) });
    assert.ok(diagnostics.length <= 202, `${diagnostics.length} of ${text}`);
  }
  // After any number of warnings, a fault is one.
  const late = importText({ '/etc/apache2/site.conf': `<Directory />\nAllowOverride All\nRequire ip 10.0.0.0/8\n</Directory>\n${MOUNT}`, '/srv/.htaccess': `${'Satisfy Any\n'.repeat(200)}x\n` });
  assert.ok(late.diagnostics.some(({ severity }) => severity === 'error'));
});

test('ten times as much takes about ten times as long', () => {
  const many = (count: number, one: (at: number) => string): string => Array.from({ length: count }, (_, at) => one(at)).join('\n');
  for (const make of [
    (count: number) => `${MOUNT}${many(count, (at) => `Alias /s${at} /srv/s${at}\n<Location /s${at}>\nSetHandler none\nRequire all granted\n</Location>`)}`,
    (count: number) => many(count, (at) => `<VirtualHost *:80>\nServerName s${at}.example\nWSGIDaemonProcess g${at}\nWSGIProcessGroup g${at}\nWSGIScriptAlias / /srv/s${at}/a.wsgi\n</VirtualHost>`),
    (count: number) => `WSGIDaemonProcess g\n${many(count, (at) => `WSGIScriptAlias /m${at} /srv/s${at}.wsgi process-group=g\n<Location /m${at}>\nSetEnv A ${at}\nWSGIPassAuthorization On\n</Location>`)}`,
  ]) {
    // What is quadratic takes a hundred times as long as the small one; a machine that is busy with other things does not.
    const took = [60, 600].map((count) => {
      const began = process.cpuUsage();
      const { fronts } = importText(make(count));
      for (const front of fronts) apacheView(front);
      const { user, system } = process.cpuUsage(began);
      return user + system;
    });
    assert.ok((took[1] ?? 0) < 40 * Math.max(took[0] ?? 0, 50_000), `${took.map((one) => one / 1000).join(' ms, ')} ms`);
  }
});
