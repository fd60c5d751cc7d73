import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { apacheView } from '../../../src/proxy/apache.js';
import { frontOf, pathsBelow, together, type FrontAround } from '../../../src/proxy/app-front.js';
import type { Front, Match } from '../../../src/proxy/front.js';
import { nginxView } from '../../../src/proxy/nginx.js';
import { PROXY_TEMPLATES, render } from '../../../src/units/render.js';
import { template } from '../units/made.js';

const AROUND = (name: string): FrontAround => ({ address: `/run/wsgi/${name}.sock`, stateDirectory: '/var/lib/wsgictl', trusted: (path) => path });

function front(text: string, name = 'shop'): Front {
  const { config, diagnostics } = readApp(`${name}.ini`, name, `[app]\nmodule = shop.wsgi\nuser = shop\n${text}`, 'system');
  assert.ok(config !== null, JSON.stringify(diagnostics));
  return frontOf(config, AROUND(name));
}

const apache = (text: string, name?: string): string => render(template(PROXY_TEMPLATES.apache), apacheView(front(text, name)));
const nginx = (text: string): string => render(template(PROXY_TEMPLATES.nginx), nginxView(front(text)));

test('without [proxy] an app has all URLs, and the headers that are its own', () => {
  const text = apache('');
  assert.match(text, /^ProxyPass "\/" "unix:\/run\/wsgi\/shop\.sock\|http:\/\/shop\.wsgi\/"$/m);
  assert.match(text, /<Location "\/">\n +RequestHeader edit\* Connection .*\n +RequestHeader set X-Forwarded-Proto http\n/);
  assert.doesNotMatch(text, /X-Wsgictl|Include|Authorization|ProxyPassInherit|ProxyErrorOverride/);
  assert.match(nginx(''), /location \/ \{\n +proxy_pass http:\/\/wsgictl_shop;/);
});

test('mounts are routes unless routes are given, the longest first', () => {
  const routes = (text: string): readonly string[] => [...apache(text).matchAll(/^ProxyPass "(.*?)"/gm)].map(([, path = '']) => path);
  assert.deepEqual(routes('[proxy]\nmount = /a\nmount = /a/b\nmount = /old blog\n'), ['/old blog', '/a/b', '/a']);
  assert.deepEqual(routes('[proxy]\nmount = /a\nroute = /a/slow\n'), ['/a/slow']);
  assert.match(nginx('[proxy]\nmount = /a "b" $c\n'), /location = "\/a \\"b\\" \$c" \{[^]*location \^~ "\/a \\"b\\" \$c\/" \{/);
});

test("mod_proxy knows workers by their URL: each app has a host of its own", () => {
  const hosts = ['my_shop', 'my-shop', 'my.shop'].map((name) => /\|(http:\/\/.*?)\//.exec(apache('', name))?.[1]);
  assert.equal(new Set(hosts).size, 3);
  assert.match(apache('[socket]\nlisten = [::1]:8000\n'), /<Proxy "http:\/\/\[::1\]:8000\/">/);
});

test('variables are always set, and nginx does not take the word of a client for REMOTE_USER', () => {
  const text = '[proxy]\nvariables = REMOTE_USER, SSL_CLIENT_S_DN, MAIL_QUOTA\nauthorization = drop\n';
  for (const line of [
    'RequestHeader set X-Wsgictl-REMOTE-USER "expr=%{REMOTE_USER}"', 'RequestHeader set X-Wsgictl-SSL-CLIENT-S-DN "expr=%{SSL:SSL_CLIENT_S_DN}"',
    'RequestHeader set X-Wsgictl-MAIL-QUOTA "expr=%{reqenv:MAIL_QUOTA}"', 'RequestHeader unset Authorization',
  ]) assert.ok(apache(text).includes(line), line);
  assert.match(nginx(text), /proxy_set_header X-Wsgictl-REMOTE-USER "";[^]*X-Wsgictl-SSL-CLIENT-S-DN \$ssl_client_s_dn;[^]*X-Wsgictl-MAIL-QUOTA "";/);
  assert.match(nginx(text), /proxy_set_header Authorization "";/);
});

test('static files are the proxy\'s, before the app', () => {
  const text = '[proxy]\nmount = /shop\nstatic = /shop/static /srv/shop/static files/\n';
  assert.match(apache(text), /^ProxyPass "\/shop\/static" !\nProxyPass "\/shop" [^]*^Alias "\/shop\/static" "\/srv\/shop\/static files"\n(?:#.*\n)?<Directory "\/srv\/shop\/static files">\n +Options -FollowSymLinks \+SymLinksIfOwnerMatch -ExecCGI -Includes\n +AllowOverride None\n[^<]*<FilesMatch ".">\n +SetHandler default-handler\n/m);
  assert.match(nginx(text), /location \^~ "\/shop\/static\/" \{\n +alias "\/srv\/shop\/static files\/";\n.*\n +disable_symlinks if_not_owner "from=\/srv\/shop\/static files";/);
  const trusted = { ...front(text), statics: front(text).statics.map((files) => ({ ...files, trusted: '/srv' })) };
  assert.match(render(template(PROXY_TEMPLATES.nginx), nginxView(trusted)), /disable_symlinks if_not_owner "from=\/srv";/);
  assert.match(render(template(PROXY_TEMPLATES.apache), apacheView(trusted)), /<Directory "\/srv">\n +Options -FollowSymLinks \+SymLinksIfOwnerMatch\n<\/Directory>\n<Directory "\/srv\/shop\/static files">/);
  for (const wrong of ['/static', 'static /srv', '/s /', '/s /..', '/s //', '/ /srv', '/a /b$c', '/a ../b']) {
    const { diagnostics } = readApp('a.ini', 'a', `[app]\nmodule = a\nuser = a\n[proxy]\nstatic = ${wrong}\n`, 'system');
    assert.equal(diagnostics.filter(({ severity }) => severity === 'error').length, 1, wrong);
  }
});

test('the secret of an app is included where the app is asked, and nowhere else', () => {
  const text = '[proxy]\nmount = /shop\nproof = yes\n';
  assert.match(apache(text), /^<ProxyMatch "\^\(unix:.*http:\/\/shop\\\\\.wsgi\(\/\|\$\)">\n +Include "\/var\/lib\/wsgictl\/shop\/proof\.apache\.conf"\n<\/ProxyMatch>$/m);
  assert.equal([...nginx(text).matchAll(/^ +include "\/var\/lib\/wsgictl\/shop\/proof\.nginx\.conf";$/gm)].length, 2);
  assert.match(nginx('[socket]\nlisten = /run/a b.sock\n'), /server "unix:\/run\/a b\.sock" fail_timeout=0;/);
});

test('a proxy waits as long as a request may take', () => {
  const timeout = (text: string): string | undefined => /timeout=(\d+) retry/.exec(apache(text))?.[1];
  assert.equal(timeout(''), '300');
  assert.equal(timeout('[reload]\ngraceful-timeout = 10min\n'), '1205');
  assert.equal(timeout('[workers]\nrequest-timeout = 20min\n'), '1235');
  assert.equal(timeout('[proxy]\ntimeout = 75s\n'), '75');
  assert.match(apache('[proxy]\nconnect-timeout = 7s\n'), /connectiontimeout=7 timeout=/);
});

test('what stands further up is not said again further down', () => {
  const app = { name: 'a', address: '/run/a.sock', timeout: 1, connectTimeout: null, proof: null };
  const headers = ['/', '/a', '/a/b'].map((path) => ({ match: { path }, variables: path === '/a' ? ['REMOTE_USER'] : [], authorization: 'pass' as const }));
  const { sections } = apacheView({ title: 'x', remarks: [], inherits: true, errorOverride: false, disbelieves: false, guards: new Map(), statics: [], routes: [{ path: '/', app }], headers });
  assert.deepEqual(sections.map(({ open }) => open), ['<Location "/">', '<Location "/a">']);
});

test('a header that sections set is unset outside of them; a path that Apache would take for a pattern is an expression', () => {
  const text = apache('[proxy]\nmount = /[a]\nvariables = REMOTE_USER');
  assert.ok(text.indexOf('RequestHeader unset X-Wsgictl-REMOTE-USER') < text.indexOf('<LocationMatch'), text);
  assert.ok(text.includes('<LocationMatch "^/\\\\[a\\\\](/|$)">'), text);
});

test('who else gets the Authorization header is said by path and by expression', () => {
  const [headers] = front('').headers;
  assert.ok(headers !== undefined);
  const dropped = (only: readonly Match[]): string | undefined =>
    apacheView({ ...front(''), headers: [{ ...headers, authorization: { only } }] }).sections[0]?.headers.at(-1);
  assert.equal(dropped([{ path: '/a.b' }]), 'RequestHeader unset Authorization "expr=! (%{REQUEST_URI} =~ m#^(/a\\\\.b)(/|$)#)"');
  assert.equal(dropped([{ regex: '^/x#(.*)$' }]), 'RequestHeader unset Authorization "expr=! (%{REQUEST_URI} =~ m#^/x\\\\x23(.*)$#)"');
  assert.equal(dropped([{ regex: '^/x' }, { path: '/a' }, { path: '/b' }]), 'RequestHeader unset Authorization "expr=! (%{REQUEST_URI} =~ m#^(/a|/b)(/|$)|^/x#)"');
});

test('two apps whose names differ in a sign alone are two upstreams', () => {
  const upstreams = ['shop_api', 'shop-api', 'shop.api'].map((name) => nginxView(front('', name)).upstream);
  assert.equal(new Set(upstreams).size, 3, upstreams.join(' '));
});

test("the name of a host is the proxy's word, and so is all that a client claims to have been forwarded", () => {
  const text = nginx('');
  assert.match(text, /proxy_set_header Host \$host\$wsgictl_port;/);
  for (const line of ['X-Forwarded-Host $host$wsgictl_port', 'X-Forwarded-Port $server_port', 'X-Forwarded-Prefix ""', 'Forwarded ""', 'X-Forwarded-Ssl ""']) {
    assert.ok(text.includes(`    proxy_set_header ${line};\n`), line);
  }
  for (const line of ['unset X-Forwarded-Host', 'unset X-Forwarded-Prefix', 'unset Forwarded', 'set X-Forwarded-Port "expr=%{SERVER_PORT}"']) {
    assert.match(apache(''), new RegExp(`<Location "/">[^]*\n    RequestHeader ${line.replace(/[{}]/g, '\\$&')}\n[^]*</Location>`), line);
  }
  assert.doesNotMatch(render(template(PROXY_TEMPLATES.apache), apacheView({ ...front(''), disbelieves: false })), /X-Forwarded-(Host|Port|Prefix)|Forwarded"?$/m);
});

test('a path that is named twice is a fault: nginx would refuse all its configuration', () => {
  const faults = (proxy: string): string[] =>
    readApp('a.ini', 'a', `[app]\nmodule = a\nuser = a\n[proxy]\n${proxy}`, 'system').diagnostics.map(({ line, message, hint }) => `${line}: ${message}; ${hint}`);
  const twice = ['6: /a is named twice; it already stands on line 5'];
  assert.deepEqual(faults('route = /a\nroute = /a/\n'), twice);
  assert.deepEqual(faults('mount = /a\nmount = /a\n'), twice);
  assert.deepEqual(faults('static = /a /srv/x\nstatic = /a/ /srv/y\n'), twice);
  assert.deepEqual(faults('static = /a /srv/x\nmount = /a\n'), twice);
  assert.deepEqual(faults('route = /b\nmount = /a\nmount = /a\n'), ['7: /a is named twice; it already stands on line 6']);
  assert.deepEqual(faults('route = /a\nmount = /a\nstatic = /a/b /srv/x\n'), []);
});

test('an abstract address is passed over for one that a proxy can reach', () => {
  assert.match(nginx('[socket]\nlisten = @shop\nlisten = 127.0.0.1:8000\n'), /server "127\.0\.0\.1:8000"/);
});

test('several apps in one server: the longest path first, and one that drops Authorization spares the others', () => {
  const refused = (path: string): never => assert.fail(path);
  const [site, blog, api] = [front('[proxy]\nauthorization = drop\nstatic = /files /srv/files\n', 'site'), front('[proxy]\nmount = /blog\n', 'blog'), front('[proxy]\nmount = /blog/api\nauthorization = drop\n', 'api')];
  for (const fronts of [[site, blog, api], [api, blog, site], [blog, site, api]] as [Front, Front, Front][]) {
    const text = render(template(PROXY_TEMPLATES.apache), apacheView(together(fronts, refused)));
    assert.deepEqual([...text.matchAll(/^ProxyPass "(.*?)"/gm)].map(([, path]) => path), ['/blog/api', '/files', '/blog', '/']);
    assert.match(text, /<Location "\/">[^<]*RequestHeader unset Authorization "expr=! \(%\{REQUEST_URI\} =~ m#\^\(\/blog\)\(\/\|\$\)#\)"\n<\/Location>/);
    assert.match(text, /<Location "\/blog\/api">[^<]*RequestHeader unset Authorization\n<\/Location>/);
    assert.ok(text.indexOf('<Location "/">') < text.indexOf('<Location "/blog/api">'));
  }
  assert.deepEqual(pathsBelow(site, blog), ['/blog']);
  assert.deepEqual(pathsBelow(blog, site), []);
  assert.throws(() => together([blog, front('[proxy]\nroute = /blog\n', 'other')], (path, titles) => { throw new Error([path, ...titles].join(' ')); }), /^Error: \/blog blog other$/);
});
