import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importText, machine } from './machine.js';
import { importApache } from '../../../src/apache/import.js';

const SCRIPT = 'WSGIDaemonProcess shop\nWSGIScriptAlias /shop /srv/shop/app.wsgi process-group=shop\n';

function imported(allow: string, htaccess: string, around = ''): ReturnType<typeof importText> {
  return importText({
    '/etc/apache2/site.conf': `${around}<Directory /srv/shop>\n${allow}\nRequire ip 10.0.0.0/8\n</Directory>\n${SCRIPT}`, '/srv/shop/.htaccess': htaccess,
  });
}

/** `counts`, `passed over`, or `fault`. */
function end(allow: string, htaccess: string, around = ''): string {
  const { diagnostics } = imported(allow, htaccess, around);
  if (diagnostics.some(({ severity }) => severity === 'error')) return 'fault';
  return diagnostics.some(({ message }) => message.includes('passe')) ? 'passed over' : 'counts';
}

test('the kinds of AllowOverride, as Apache 2.4 takes them', () => {
  const auth = 'AuthName x';
  for (const [allow, htaccess, wanted] of [
    ['AllowOverride AuthConfig', auth, 'counts'], ['allowoverride authconfig', auth, 'counts'], ['AllowOverride All', auth, 'counts'], ['AllowOverride FileInfo', auth, 'fault'],
    // Read from the left; None takes away what stands before it.
    ['AllowOverride None AuthConfig', auth, 'counts'], ['AllowOverride All None', 'Nonsense', 'counts'], ['AllowOverride Nonfatal=All All', 'Nonsense', 'fault'],
    // Nobody says anything: the file is read, and nothing is allowed in it.
    ['', auth, 'fault'], ['', '# nothing\n', 'counts'],
    ['AllowOverride Limit', 'Order deny,allow', 'counts'], ['AllowOverride Limit', 'Satisfy Any', 'fault'], ['AllowOverride Limit', '<Limit GET>\nDeny from all\n</Limit>', 'counts'],
    ['AllowOverride Indexes', 'DirectoryIndex a', 'counts'], ['AllowOverride Indexes', 'Options -Indexes', 'fault'],
    ['AllowOverride Indexes', 'LimitRequestBody 10', 'counts'],
    ['AllowOverrideList AuthName', auth, 'counts'], ['AllowOverrideList authname', 'AUTHNAME x', 'counts'], ['AllowOverrideList None', auth, 'fault'],
    ['AllowOverride None\nAllowOverrideList None', 'Nonsense', 'counts'], ['AllowOverride None\nAllowOverrideList', 'Nonsense', 'counts'],
    ['AllowOverrideList ErrorLog', 'ErrorLog x', 'fault'], ['AllowOverrideList Include', 'Include /x', 'fault'], ['AllowOverrideList WSGIProcessGroup', 'WSGIProcessGroup shop', 'counts'],
    ['AllowOverride FileInfo Nonfatal=Override', auth, 'passed over'], ['AllowOverride FileInfo Nonfatal=Unknown', auth, 'fault'],
    ['AllowOverride FileInfo Nonfatal=Override', 'Nonsense', 'fault'], ['AllowOverride FileInfo Nonfatal=All', 'Nonsense', 'passed over'], ['AllowOverride None Nonfatal=All', auth, 'passed over'],
    ['AllowOverride FileInfo Nonfatal=All', 'SetEnv', 'fault'],
  ] as const) assert.equal(end(allow, htaccess), wanted, `${allow}: ${htaccess}`);
});

test('Options, by what AllowOverride says of them', () => {
  for (const [allow, options, wanted] of [
    ['All', '+MultiViews', 'counts'], ['Options', '+MultiViews', 'fault'], ['Options', 'Indexes FollowSymLinks', 'counts'], ['Options=Indexes', '+Indexes', 'counts'],
    ['Options=Indexes', '+ExecCGI', 'fault'], ['Options=Indexes All', '+ExecCGI', 'fault'], ['Options=Includes', '+IncludesNOEXEC', 'counts'], ['Options=IncludesNOEXEC', '+Includes', 'fault'],
    ['Options=Indexes', 'None', 'counts'], ['Options=Indexes', 'All', 'fault'], ['Options', '+Indexes ExecCGI', 'fault'], ['Options', 'Nonsense', 'fault'],
  ] as const) assert.equal(end(`AllowOverride ${allow}`, `Options ${options}`), wanted, `${allow}: ${options}`);
});

test('a longer <Directory> takes the place of a shorter one; what is asked too late is not heard', () => {
  const shut = 'AllowOverride None';
  for (const [allow, around, wanted] of [
    ['', '<Directory /srv>\nAllowOverride All\n</Directory>\n', 'fault'], [shut, '<Directory /srv>\nAllowOverride All\n</Directory>\n', 'counts'],
    ['AllowOverride All', '<Directory /srv>\nAllowOverride None\n</Directory>\n', 'fault'], [shut, '<Directory /srv/*>\nAllowOverride None\n</Directory>\n', 'counts'],
    // Each by itself.
    [shut, '<Directory /srv>\nAllowOverrideList Nonsense AuthName\n</Directory>\n', 'fault'],
    [shut, '<DirectoryMatch ^/srv/shop>\nAllowOverride All\n</DirectoryMatch>\n', 'counts'], [shut, '<Location /shop>\nAllowOverride All\n</Location>\n', 'counts'],
    [`${shut}\n<Files *>\nAllowOverride All\n</Files>`, '', 'counts'], [`${shut}\n<If "true">\nAllowOverride All\n</If>`, '', 'counts'], [`${shut}\n<Limit GET>\nAllowOverride All\n</Limit>`, '', 'fault'],
  ] as const) assert.equal(end(allow, 'Nonsense', around), wanted, `${around}${allow}`);
});

test('nothing of what is no directive is shown or carried, and what is left of the guard is the configuration\'s', () => {
  const secret = 'root:$y$j9T$secret:20784:0:99999:7:::';
  for (const text of [secret, `${secret}\n</${secret}>\n<${secret}>`, `password ${secret}`, `<${secret}`, `Include ${secret}`]) {
    const result = imported('AllowOverride All', text);
    assert.ok(result.diagnostics.some(({ severity, line }) => severity === 'error' && line === 1), text);
    assert.doesNotMatch(JSON.stringify({ ...result, fronts: result.fronts.map((front) => [front, [...front.guards]]) }), /secret/);
    assert.deepEqual(result.fronts[0]?.guards.get('shop'), [['Require ip 10.0.0.0/8']]);
  }
});

test('a link is not followed, and what is there but cannot be read is a fault', () => {
  const files = { '/etc/apache2/site.conf': `<Directory /srv>\nAllowOverride All\n</Directory>\n${SCRIPT}`, '/srv/shop/.htaccess': 'Require all granted\n' };
  const faults = (changed: object): readonly string[] => {
    const sources = { ...machine(files), ...changed };
    return importApache(sources, { files: ['/etc/apache2/site.conf'], serverRoot: '/etc/apache2', defines: [], modules: [], apacheVersion: '2.4.62' }).diagnostics.map(({ file, message }) => `${file}: ${message}`);
  };
  assert.deepEqual(faults({}), []);
  assert.deepEqual(faults({ kind: (path: string) => (path === '/srv/shop/.htaccess' ? 'link' : null) }), ['/srv/shop/.htaccess: it is a link, and is not followed']);
  assert.deepEqual(faults({ kind: (path: string) => (path === '/srv/shop/.htaccess' ? 'other' : null) }), ['/srv/shop/.htaccess: it is no regular file: Apache serves nothing below it']);
});
