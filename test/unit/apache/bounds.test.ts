import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regexOf } from '../../../src/apache/regex.js';
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
