import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Modules, versionHolds } from '../../../src/apache/condition.js';
import { readEnvvars } from '../../../src/apache/envvars.js';
import { rawLines } from '../../../src/apache/lines.js';
import { fill } from '../../../src/apache/macro.js';
import { alternatives } from '../../../src/apache/mount.js';
import { matchesPattern } from '../../../src/apache/pattern.js';
import { Variables } from '../../../src/apache/variables.js';
import { allWords, Words } from '../../../src/apache/words.js';

test('words, as Apache quotes them', () => {
  for (const [text, ...words] of [
    ['a  b\tc', 'a', 'b', 'c'],
    ['"a b" \'c d\'', 'a b', 'c d'],
    ['"a\\"b" \'a\\\'b\' "a\\\\b" "a\\nb"', 'a"b', "a'b", 'a\\b', 'a\\nb'],
    ['a"b" "c"d', 'a"b"', 'c', 'd'],
    ['""', ''],
    ['a\\\\b', 'a\\b'],
    ['"never closed', 'never closed'],
  ] as const) assert.deepEqual(allWords(text), words, text);
});

test("mod_wsgi's options: only what stands behind the = is quoted", () => {
  const words = new Words('a=1 b="x y" c= d=\'q\' e f=g=h');
  const options = Array.from({ length: 4 }, () => words.option());
  assert.deepEqual(options, [{ name: 'a', value: '1' }, { name: 'b', value: 'x y' }, { name: 'c', value: '' }, { name: 'd', value: 'q' }]);
  assert.equal(words.option(), null);
  assert.equal(words.next(), 'e');
  assert.deepEqual(words.option(), { name: 'f', value: 'g=h' });
});

test('a line goes on over a backslash, also a comment, also one of Windows; the first line is told', () => {
  assert.deepEqual(rawLines('a \\\r\n  b\r\n\n# c \\\nd\ne \\').map(({ text, line, last }) => [text, line, last]), [['a   b', 1, 2], ['', 3, 3], ['# c d', 4, 5], ['e', 6, 6]]);
});

test('a parameter is replaced as text, the longest one first', () => {
  assert.equal(fill('$id $id-x $idle %{a} $other', ['$id', '$idle', '%{a}'], ['1', '2', '$id']), '1 1-x 2 $id $other');
});

test('<IfVersion>, as Apache 2.4 compares', () => {
  const holds = (text: string): boolean | null => versionHolds(text.split(' '), '2.4.62');
  for (const text of ['>= 2.4', '> 2.4', '< 2.5', '= 2.4.62', '2.4.62', '!= 2.4', '~ ^2\\.4', '/^2\\.4/', '!~ ^2\\.2', '<= 2.4.62']) assert.equal(holds(text), true, text);
  for (const text of ['= 2.4', '2.4', '< 2.4', '!~ ^2', '> 2.4.62', '== 2.2']) assert.equal(holds(text), false, text);
  for (const text of ['new', '=> 2', '~ (']) assert.equal(holds(text), null, text);
});

test('<IfModule>: by identifier or source file, and by nothing between', () => {
  const modules = new Modules(['!ssl_module']);
  for (const name of ['wsgi_module', 'mod_wsgi.c', 'core.c', 'headers_module', 'mod_rewrite.c']) assert.equal(modules.has(name), true, name);
  for (const name of ['wsgi_module.c', 'wsgi', 'mod_ssl.c', 'ssl_module']) assert.equal(modules.has(name), false, name);
  assert.deepEqual([...modules.assumed], ['headers_module', 'mod_rewrite.c']);
  // Whoever loads modules by LoadModule loads all that there are.
  modules.load('env_module');
  assert.deepEqual(['mod_env.c', 'headers_module', 'wsgi_module'].map((name) => modules.has(name)), [true, false, true]);
});

test('patterns of Include', () => {
  for (const [pattern, name] of [['*.conf', 'a.conf'], ['[ab]?', 'a1'], ['[!a]*', 'b'], ['a.b', 'a.b'], ['.*', '.x'], ['a+(b)', 'a+(b)']] as const) assert.ok(matchesPattern(pattern, name), pattern);
  for (const [pattern, name] of [['*.conf', 'a.conf.off'], ['*', '.x'], ['a.b', 'axb'], ['[ab]', 'c']] as const) assert.ok(!matchesPattern(pattern, name), pattern);
});

test('${NAME}: what is not known stays, and what belongs to mod_rewrite is not asked for', () => {
  const variables = new Variables(new Map([['HOME_OF', '/srv']]));
  variables.define('A', 'x y');
  variables.define('FLAG', null);
  assert.deepEqual(variables.expand('${A} ${HOME_OF} ${map:$1} ${NO} ${FLAG} $A'), { text: 'x y /srv ${map:$1} ${NO} ${FLAG} $A', unknown: ['NO', 'FLAG'] });
});

test('envvars is a script, of which the assignments are read', () => {
  const debian = 'unset HOME\nif [ "${C##/etc/}" != "${C}" ] ; then\n\tSUFFIX="-${C##/etc/}"\nelse\n\tSUFFIX=\nfi\nexport RUN_USER=www$SUFFIX\nexport DIR=/var/run/a${SUFFIX}\n#export NO=1\nLANG=C\nexport Q=\'$x\'\n';
  assert.deepEqual(Object.fromEntries(readEnvvars(debian, 'envvars').environment), { RUN_USER: 'www', DIR: '/var/run/a', Q: '$x' });
  assert.equal(readEnvvars(null, 'envvars').environment.get('APACHE_RUN_USER'), 'www-data');
  const read = (script: string): unknown[] => {
    const { exported, umask, unread } = readEnvvars(script, 'envvars');
    return [Object.fromEntries(exported.map(({ name, value }) => [name, value])), umask?.value ?? null, unread.map(({ place }) => place.line)];
  };
  for (const [script, exported, umask, unread] of [
    ['export A=1 # one\nexport B="a b" C=\'c\';', { A: '1', B: 'a b', C: 'c' }, null, []],
    ['A=x\nexport A', { A: 'x' }, null, []], ['export A=1\nA=2', { A: '2' }, null, []], ['export A=1\nunset A', {}, null, []],
    ['export A=a\\ b"c\\"d\\$e"\'f\'#g', { A: 'a bc"d$ef#g' }, null, []], ['export A=', { A: '' }, null, []],
    ['export A=$(hostname)', {}, null, [1]], ['export A="$(hostname)" B=`id`', { A: null, B: null }, null, []], ['export PATH=/opt/bin:$PATH', { PATH: null }, null, []],
    ['export A="${B:-x}"', { A: null }, null, []], ['if true; then\nexport A=1\nfi\nexport B=2', { A: null, B: '2' }, null, []],
    ['umask 002', {}, '0002', []], ['umask 0027 # group', {}, '0027', []], ['umask u=rwx', {}, null, [1]], ['if x; then\numask 007\nfi', {}, null, [2]],
    ['. /etc/default/locale\nulimit -n 65536\nexport APACHE_LOG_DIR=/l', {}, null, [1, 2]], ['export A=1; export B=2', {}, null, [1]], ['export "A=1"', {}, null, [1]],
  ] as const) assert.deepEqual(read(script), [exported, umask, unread], script);
});

test('expressions that mean a list of paths', () => {
  assert.deepEqual(alternatives('^/(cs|de)/wiki(/.*)?$', 2), ['/cs/wiki', '/de/wiki']);
  assert.deepEqual(alternatives('^/a\\.b(/.*)?$', 1), ['/a.b']);
  assert.deepEqual(alternatives('^/(?:x|y)(/.*|$)', 1), ['/x', '/y']);
  for (const [regex, rest] of [['^/(cs|de)/wiki(/.*)?$', 1], ['^/[a-z]+(/.*)?$', 1], ['/x(/.*)?$', 1], ['^/x(.*)$', 1], ['^/x?(/.*)?$', 1]] as const) {
    assert.equal(alternatives(regex, rest), null, regex);
  }
});
