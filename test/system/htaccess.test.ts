// What Apache makes of a .htaccess, and what the import makes of it: it is never more open.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { importApache } from '../../src/apache/import.js';
import { FileSources } from '../../src/host/sources.js';
import { apacheView } from '../../src/proxy/apache.js';
import { PROXY_TEMPLATES, render } from '../../src/units/render.js';
import { Lab } from '../lab/lab.js';
import { template } from '../unit/units/made.js';
import { serve } from './front.js';
import { NEWEST } from './whole.js';

const FAR = 'Require ip 10.0.0.0/8';
const OPEN = 'Require all granted';

/** What a <Directory> says, what its .htaccess says, how Apache answers with mod_wsgi, and how behind the import's part: null for a fault. */
type Case = readonly [name: string, configured: string, htaccess: string, wsgi: number, imported: number | null];

const CASES: readonly Case[] = [
  ['none', `AllowOverride None\n${FAR}`, OPEN, 403, 403],
  ['unset', FAR, OPEN, 500, null],
  ['fileinfo', `AllowOverride FileInfo\n${FAR}`, OPEN, 500, null],
  ['authconfig', `AllowOverride AuthConfig\n${FAR}`, OPEN, 200, 200],
  ['all', `AllowOverride All\n${FAR}`, OPEN, 200, 200],
  ['shut', `AllowOverride AuthConfig\n${OPEN}`, FAR, 403, 403],
  ['limit', `AllowOverride Limit\n${OPEN}`, 'Order allow,deny', 403, 403],
  ['limit-require', `AllowOverride Limit\n${FAR}`, OPEN, 500, null],
  ['satisfy', `AllowOverride AuthConfig\n${FAR}`, 'Satisfy Any', 200, 200],
  ['satisfy-limit', `AllowOverride Limit\n${FAR}`, 'Satisfy Any', 500, null],
  ['list', `AllowOverride None\nAllowOverrideList Require\n${FAR}`, OPEN, 200, 200],
  ['list-other', `AllowOverrideList Header\n${FAR}`, OPEN, 500, null],
  ['list-never', `AllowOverrideList ErrorLog\n${FAR}`, 'ErrorLog /tmp/x', 500, null],
  ['nonfatal', `AllowOverride FileInfo Nonfatal=Override\n${FAR}`, OPEN, 403, 403],
  ['nonfatal-unknown', `AllowOverride FileInfo Nonfatal=Override\n${FAR}`, 'Nonsense', 500, null],
  ['nonfatal-all', `AllowOverride FileInfo Nonfatal=All\n${FAR}`, `Nonsense\n${OPEN}\n<Nonsense>\n${OPEN}\n</Nonsense>`, 403, 403],
  ['condition', `AllowOverride None\nAllowOverrideList Require\n${FAR}`, `<IfModule mod_authz_core.c>\n${OPEN}\n</IfModule>`, 500, null],
  ['user', `AllowOverride All\n${OPEN}`, 'User root', 500, null],
  ['include', `AllowOverride All\n${FAR}`, 'Include /srv/open.conf', 500, null],
  ['define', `AllowOverride All\n${FAR}`, 'Define A b', 500, null],
  ['directory', `AllowOverride All\n${FAR}`, `<Directory />\n${OPEN}\n</Directory>`, 500, null],
  ['group', `AllowOverride All\n${OPEN}`, 'AllowOverride All', 500, null],
  ['options', `AllowOverride Options=Indexes\n${OPEN}`, 'Options +FollowSymLinks', 500, null],
  ['options-alone', `AllowOverride Options\n${OPEN}`, 'Options +MultiViews', 500, null],
  ['options-allowed', `AllowOverride Options=Indexes\n${OPEN}`, 'Options -Indexes', 200, 200],
  ['files', `AllowOverride AuthConfig\n${OPEN}`, `<Files app.wsgi>\n${FAR}\n</Files>`, 403, 403],
  ['files-other', `AllowOverride AuthConfig\n${FAR}`, `<Files other>\n${OPEN}\n</Files>`, 403, 403],
  ['files-configured', `AllowOverride AuthConfig\n<Files app.wsgi>\n${FAR}\n</Files>`, OPEN, 403, 403],
  ['if', `AllowOverride AuthConfig\n${OPEN}`, `<If "true">\n${FAR}\n</If>`, 403, 403],
  ['if-open', `AllowOverride AuthConfig\n${FAR}`, `<If "true">\n${OPEN}\n</If>`, 200, 200],
  ['any', `AllowOverride AuthConfig\n${OPEN}`, `<RequireAny>\n${FAR}\nRequire ip 10.1\n</RequireAny>`, 403, 403],
  ['method', `AllowOverride AuthConfig\n${OPEN}`, `<Limit GET>\nRequire all denied\n</Limit>`, 403, 403],
  ['method-unknown', `AllowOverride AuthConfig\n${OPEN}`, `<Limit BREW>\n${FAR}\n</Limit>`, 500, null],
  ['merging', `AllowOverride AuthConfig\n${FAR}`, `AuthMerging Or\n${OPEN}`, 200, 200],
  ['environment', `AllowOverride FileInfo\nRequire env TRUSTED`, 'SetEnvIf Remote_Addr . TRUSTED', 200, 200],
  ['arguments', `AllowOverride All\n${OPEN}`, 'AuthName one two', 500, null],
  ['empty', `AllowOverride All\n${OPEN}`, 'Require', 500, null],
  ['file-function', `AllowOverride All\n${FAR}`, `Require expr "file('/etc/hostname') =~ /./"`, 500, null],
  ['long', `AllowOverride All\n${OPEN}`, `#${'a'.repeat(9000)}`, 500, null],
  ['backslash', `AllowOverride All\n${FAR}`, `${FAR} \\ \n${OPEN}`, 500, null],
  ['mark', `AllowOverride All\n${OPEN}`, `\uFEFF${OPEN}`, 500, null],
  ['quoted', `AllowOverride All\n${FAR}`, `"Require" all granted`, 200, 200],
  ['spaces', `AllowOverride All\n${OPEN}`, '< Files x>\n</Files>', 500, null],
];

/** What is there in place of a .htaccess, made by a command in its folder. */
const PLACED: readonly (readonly [name: string, command: string, wsgi: number])[] = [
  ['link', 'ln -s /etc/passwd .htaccess', 500], ['link-shadow', 'ln -s /etc/shadow .htaccess', 403], ['folder', 'mkdir .htaccess', 403],
];

/** Answers 200 at the socket of each app. */
const BACKEND = `
import os, socketserver, sys, threading
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip(): pass
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
os.umask(0)
os.makedirs("/run/wsgi", exist_ok=True)
for name in sys.argv[1:]:
    threading.Thread(target=socketserver.ThreadingUnixStreamServer("/run/wsgi/%s.sock" % name, Handler).serve_forever).start()
`;

const host = (name: string, text: string): string => `<VirtualHost *:80>\nServerName ${name}.example\n${text}\n</VirtualHost>\n`;

for (const release of NEWEST) {
  describe(`a .htaccess on ${release}`, { timeout: 600_000 }, () => {
    const names = [...CASES, ...PLACED].map(([name]) => name);
    const sections = new Map<string, string>([
      ...CASES.map(([name, configured]) => [name, configured] as const), ...PLACED.map(([name]) => [name, `AllowOverride All\n${OPEN}`] as const),
    ].map(([name, configured]) => [name, `<Directory /srv/t/${name}>\n${configured}\n</Directory>`]));
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
      const files = CASES.map(([name, , text]) => `${name}\t${Buffer.from(`${text}\n`).toString('base64')}\n`).join('');
      await lab.sh(`mkdir -p ${names.map((name) => `/srv/t/${name}`).join(' ')}; for d in /srv/t/*; do echo app >$d/app.wsgi; done
        echo '${OPEN}' >/srv/open.conf
        while IFS=$'\\t' read -r name text; do base64 -d <<<"$text" >"/srv/t/$name/.htaccess"; done`, { input: files });
      for (const [name, command] of PLACED) await lab.sh(`cd /srv/t/${name}; ${command}`);
    });
    after(async () => lab.stop());

    const statuses = async (): Promise<ReadonlyMap<string, number>> => {
      const text = await lab.sh(`for n in ${names.join(' ')}; do echo "$n $(curl -s -o /dev/null --max-time 20 -w '%{http_code}' -H "Host: $n.example" http://127.0.0.1/app)"; done`);
      return new Map(text.trim().split('\n').map((line) => line.split(' ')).map(([name = '', status]) => [name, Number(status)]));
    };

    it('Apache answers as the table says', async () => {
      // Debian's own <Directory /> would say AllowOverride None.
      await lab.sh(`sed -i '/^<Directory/,/^<\\/Directory>/d' /etc/apache2/apache2.conf`);
      await serve(lab, 'event', names.map((name) => host(name, `Alias /app /srv/t/${name}/app.wsgi\n${sections.get(name) ?? ''}`)).join(''));
      const found = await statuses();
      assert.deepEqual(Object.fromEntries(found), Object.fromEntries([...CASES.map(([name, , , wsgi]) => [name, wsgi]), ...PLACED.map(([name, , wsgi]) => [name, wsgi])]));
    });

    it('behind what the import makes of it, nothing is more open; what is 500 is a fault', async () => {
      const sources = new FileSources(lab.root);
      const fronts = new Map<string, string>();
      for (const name of names) {
        const site = host(name, `WSGIDaemonProcess ${name} user=deploy\nWSGIScriptAlias /app /srv/t/${name}/app.wsgi process-group=${name}\n${sections.get(name) ?? ''}`);
        await lab.write(`/srv/conf/${name}.conf`, site);
        const imported = importApache(sources, { files: [`/srv/conf/${name}.conf`], serverRoot: '/etc/apache2', defines: [], modules: [], apacheVersion: '2.4.62' });
        const faults = imported.diagnostics.filter(({ severity }) => severity === 'error');
        if (faults.length === 0) fronts.set(name, imported.fronts.map((front) => render(template(PROXY_TEMPLATES.apache), apacheView(front))).join(''));
        else assert.ok(faults.every(({ file }) => file === `/srv/t/${name}/.htaccess`), JSON.stringify(faults));
      }
      await lab.write('/srv/backend.py', BACKEND);
      await lab.sh(`systemd-run -q --unit backend python3 /srv/backend.py ${[...fronts.keys()].join(' ')}`);
      await lab.waitFor('the backend listens', async () => lab.exists(`/run/wsgi/${[...fronts.keys()].at(-1) ?? ''}.sock`));
      await serve(lab, 'event', [...fronts].map(([name, front]) => host(name, front)).join(''));
      const found = await statuses();
      const wanted = [...CASES.map(([name, , , , imported]) => [name, imported]), ...PLACED.map(([name]) => [name, null])];
      assert.deepEqual(Object.fromEntries(names.map((name) => [name, fronts.has(name) ? found.get(name) : null])), Object.fromEntries(wanted));
    });
  });
}
