// nginx and Apache in front of apps, by what wsgictl prints: what a hostile client can make an app believe, links among
// files, slow clients, and the life of a proxy's secret.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readApp } from '../../src/config/app.js';
import { apacheView } from '../../src/proxy/apache.js';
import { frontOf, together } from '../../src/proxy/app-front.js';
import type { Front } from '../../src/proxy/front.js';
import { nginxView } from '../../src/proxy/nginx.js';
import { PROXY_TEMPLATES, render } from '../../src/units/render.js';
import { Lab } from '../lab/lab.js';
import { template } from '../unit/units/made.js';
import { APACHE, NGINX, putInFront, writeApp } from './proxies.js';
import { LONG, OLDEST } from './whole.js';

const PORTS = { nginx: NGINX, apache: APACHE };
const REQUESTS = readFileSync(fileURLToPath(new URL('../../../test/system/hostile-requests.py', import.meta.url)), 'utf8');
const FAST = '[reload]\nsettle = 100ms\ngraceful-timeout = 2s\n';
const ONE = '[workers]\nprocesses = 1\nthreads = 16\n';
const VARIABLES = 'variables = REMOTE_USER, REMOTE_ADDR, SSL_CLIENT_S_DN\n';
const LOGIN = `<LocationMatch "^/(shop|vault)/private">
AuthType Basic
AuthName x
AuthUserFile /etc/apache2/users
Require valid-user
</LocationMatch>
`;
/** As mod_php does it, with a module that Apache itself brings. */
const RUNS = `<FilesMatch "\\.php$">
SetHandler send-as-is
</FilesMatch>
`;

/** What is printed for each INI file of the cases that a proxy can be in front of. */
function cases(): Front[] {
  const folder = new URL('../../../test/cases/', import.meta.url);
  return readdirSync(folder).filter((file) => file.endsWith('.ini')).flatMap((file): Front[] => {
    const name = file.slice(0, -'.ini'.length);
    const { config } = readApp(file, name, readFileSync(new URL(file, folder)), 'system');
    if (config === null || (config.socket.listen.length > 0 && config.socket.listen.every(({ kind }) => kind === 'abstract'))) return [];
    return [frontOf(config, { address: `/run/wsgi/${name}.sock`, stateDirectory: '/var/lib/wsgictl', trusted: (path) => path })];
  });
}

interface Answer {
  readonly case: string;
  readonly target: string;
  readonly statuses: readonly number[];
  /** The environs of the requests that reached the app. */
  readonly found: readonly Readonly<Record<string, string>>[];
  readonly secret: boolean;
}

/** What is wrong with what an app believes. */
function forged(environ: Readonly<Record<string, string>>, throughProxy: boolean): string[] {
  const { REMOTE_USER, REMOTE_ADDR, SSL_CLIENT_S_DN, SCRIPT_NAME, PATH_INFO = '' } = environ;
  return [
    ...(throughProxy && REMOTE_USER !== undefined ? [`REMOTE_USER ${REMOTE_USER}`] : []),
    ...(throughProxy && REMOTE_ADDR !== '127.0.0.1' ? [`REMOTE_ADDR ${REMOTE_ADDR}`] : []),
    ...(throughProxy && SSL_CLIENT_S_DN !== undefined ? [`SSL_CLIENT_S_DN ${SSL_CLIENT_S_DN}`] : []),
    ...(throughProxy && environ['wsgi.url_scheme'] !== 'http' ? [`scheme ${environ['wsgi.url_scheme']}`] : []),
    ...(throughProxy && environ['HTTP_X_FORWARDED_PROTO'] !== 'http' ? [`X-Forwarded-Proto ${environ['HTTP_X_FORWARDED_PROTO']}`] : []),
    ...(!/^\/(shop|vault)$/.test(SCRIPT_NAME ?? '') || /^\/evil|\/\.\.?(\/|$)/.test(PATH_INFO) ? [`path ${SCRIPT_NAME} ${PATH_INFO}`] : []),
    ...Object.keys(environ).filter((name) => /^HTTP_X_WSGICTL/.test(name)),
  ];
}

for (const release of OLDEST) {
  describe(`behind proxies on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    const curl = async (...options: readonly string[]): Promise<string> => (await lab.run(['curl', '-s', '--max-time', '20', '--path-as-is', ...options])).stdout;
    const status = async (url: string): Promise<string> => curl('-o', '/dev/null', '-w', '%{http_code}', url);
    const send = async (path: string, ...targets: readonly string[]): Promise<Answer[]> => {
      const { code, stdout, stderr } = await lab.run(['python3', '/tmp/requests.py', path, ...targets], { timeout: 180_000 });
      assert.equal(code, 0, stderr);
      return stdout.trim().split('\n').map((line) => JSON.parse(line) as Answer);
    };

    before(async () => {
      lab = await Lab.boot(release);
      await lab.write('/tmp/requests.py', REQUESTS);
      await writeApp(lab, 'shop', `${ONE}${FAST}[proxy]\nmount = /shop\n${VARIABLES}static = /shop/static /srv/shop/static\nstatic = /shop/media /srv/shop/media files\n`);
      await writeApp(lab, 'vault', `${ONE}[socket]\nlisten = 127.0.0.1:8000\n${FAST}[proxy]\nmount = /vault\n${VARIABLES}proof = yes\n`);
      await writeApp(lab, 'slow', `[workers]\nidle-timeout = 2s\nmin-rate = 100000\n${FAST}[proxy]\nmount = /slow\n`);
      // An address and a path that would be several directives, if anything in them counted.
      await writeApp(lab, 'odd', `[workers]\nprocesses = 1\n[socket]\nlisten = /run/x.sock; } server { listen 81; location / { root /etc; } } upstream y {\n${FAST}[proxy]\nmount = /a "b" $c\n`);
      await lab.sh(`
        useradd --system blog; usermod -aG blog www-data
        install -d -o deploy /srv/shop/static /srv/shop/mine; cd /srv/shop; echo "the secret file" >secret.txt
        install -d -o blog -g blog -m 0750 /srv/blog-files
        install -o blog -g blog -m 0640 /dev/stdin /srv/blog-files/upload.txt <<<"the secret of blog"
        setpriv --reuid deploy --regid deploy --clear-groups sh -ec '
          echo own >static/own.txt; echo own >mine/own.txt; ln -s ../mine/own.txt static/link.txt; ln -s ../mine static/folder
          ln -s /srv/blog-files/upload.txt static/x.txt; ln -s / static/root; ln -s /srv/blog-files static/files
          ln -s /srv/blog-files "media files"
          printf "Status: 299 Ran\\n\\n" >static/run.php'
        a2enmod -q asis
        htpasswd -bc /etc/apache2/users bob secret
        wsgictl apply`, { timeout: 120_000 });
      await putInFront(lab, ['odd', 'shop', 'slow', 'vault'], LOGIN + RUNS);
    });
    after(async () => lab.stop());

    it('both take what is printed for each case, alone and with any other', async () => {
      const fronts = cases();
      assert.ok(fronts.length > 10, `${fronts.length} cases`);
      const pairs = fronts.flatMap((one, at) => [[one], [one, fronts[(at + 1) % fronts.length] as Front]]);
      const files = pairs.flatMap((pair, at): [string, string][] => {
        // Their paths are their own: what is alike in two of them is refused before.
        const [first, ...others] = pair as [Front, ...Front[]];
        const own = [first, ...others.map((other) => ({ ...other, statics: [], routes: other.routes.map((route) => ({ ...route, path: `/other${'path' in route ? route.path : ''}` })) }))] as const;
        const parts = own.map((front) => render(template(PROXY_TEMPLATES.nginx), nginxView(front)).split('# In server { }.'));
        const apache = render(template(PROXY_TEMPLATES.apache), apacheView(together(own, (path) => assert.fail(path))));
        return [
          [`${at}.nginx`, `error_log /dev/null;\nevents {}\nhttp {\naccess_log off;\n${parts.map(([http]) => http).join('\n')}\nserver {\nlisten 127.0.0.1:8099;\n${parts.map(([, server]) => server).join('\n')}\n}\n}\n`],
          [`${at}.apache`, `ServerRoot /etc/apache2\nPidFile /run/t.pid\nErrorLog /tmp/t.log\nServerName x\nInclude mods-enabled/*.load\n<VirtualHost *:8099>\n${apache}\n</VirtualHost>\n`],
        ];
      });
      const pack = files.map(([name, text]) => `${name}\t${Buffer.from(text).toString('base64')}\n`).join('');
      const said = await lab.sh(`
        mkdir /tmp/t; cd /tmp/t; while IFS=$'\\t' read -r name text; do base64 -d <<<"$text" >"$name"; done
        sed -i -E '/^ *[Ii]nclude "/d' *
        for file in *.nginx; do nginx -t -q -c "$PWD/$file" 2>&1 || echo "@ $file"; done
        for file in *.apache; do apache2 -t -f "$PWD/$file" 2>&1 | grep -v '^Syntax OK$' && echo "@ $file" || true; done`, { input: pack, timeout: 120_000 });
      assert.equal(said, '');
    });

    it('no request forges anything, and through a proxy none takes anything away', async () => {
      const shop = await send('/shop/x', 'socket=/run/wsgi/shop.sock', `nginx=${NGINX}`, `apache=${APACHE}`);
      const vault = await send('/vault/x', `nginx=${NGINX}`, `apache=${APACHE}`);
      const wrong = [...shop, ...vault].flatMap(({ case: name, target, found, secret, statuses }) => {
        const faults = [...found.flatMap((environ) => forged(environ, target !== 'socket')), ...(secret ? ['the secret file'] : [])];
        return faults.length > 0 ? [`${target}: ${name}: ${faults.join(', ')} (${statuses.join(', ')})`] : [];
      });
      assert.deepEqual(wrong, []);
      // In upper case a sharp s is SS, to Python: an old gunicorn would take the name for one of the proxy's.
      const letters = shop.filter(({ case: name }) => /^(sharp s|long s|other bytes)/.test(name));
      assert.deepEqual(letters.filter(({ target, found }) => target !== 'nginx' && found.length > 0), []);
      assert.equal(letters.filter(({ target, statuses }) => target === 'socket' && statuses.join() === '400').length, 5);
      const reached = (answers: readonly Answer[], target: string): number => answers.filter((one) => one.target === target && one.found.length > 0).length;
      for (const target of ['socket', 'nginx', 'apache']) assert.ok(reached(shop, target) > 30, `${target}: ${reached(shop, target)} requests reached the app`);
      for (const target of ['nginx', 'apache']) assert.equal(reached(vault, target), reached(shop, target), target);
    });

    it('with a proof, no request without it reaches the app, and nobody else sees it', async () => {
      const answers = await send('/vault/x', 'socket=8000');
      assert.deepEqual(answers.filter(({ found }) => found.length > 0), []);
      assert.deepEqual(answers.find((one) => one.case === 'as it is')?.statuses, [400]);
      const secret = (await lab.read('/var/lib/wsgictl/vault/proof')).trim();
      assert.match(secret, /^[0-9a-f]{64}$/);
      const asked = async (...headers: readonly string[]): Promise<string> => curl(...headers.flatMap((header) => ['-H', header]), 'http://127.0.0.1:8000/vault/x');
      const found = await asked(`X-Wsgictl-Proof: ${secret}`, 'X-Wsgictl-REMOTE-USER: bob');
      assert.match(found, /"REMOTE_USER": "bob"/);
      assert.ok(!found.includes(secret) && !/proof/i.test(found), found);
      for (const wrong of [secret.slice(1), `${secret}0`, secret.toUpperCase(), 'x'.repeat(64)]) assert.match(await asked(`X-Wsgictl-Proof: ${wrong}`), /did not come through the proxy/, wrong);
      assert.match(await asked(`X-Wsgictl-Proof: ${secret}`, `X-Wsgictl-Proof: ${secret}`), /did not come through the proxy/);
      const pid = (await lab.sh("systemctl show -P MainPID 'wsgi-worker-vault-*@1.service'")).trim();
      assert.ok(!(await lab.sh(`cat /proc/${pid}/environ /proc/${pid}/cmdline | tr '\\0' '\\n'`)).includes(secret));
      assert.equal((await lab.run(['grep', '-rlsF', secret, '/etc', '/run', '/var/lib/wsgictl'], { user: 'alice' })).stdout, '');
      const journal = await lab.journal(['-u', 'wsgi-worker-vault-*']);
      assert.match(journal, /answered 400, as the proxy's proof is not with it/);
      assert.ok(!journal.includes(secret));
    });

    it('who has logged in stays logged in, whatever Connection says', async () => {
      for (const app of ['shop', 'vault']) {
        for (const connection of ['close', 'X-Wsgictl-REMOTE-USER', 'close, x-wsgictl-remote-user, X-Wsgictl-REMOTE-ADDR, X-Forwarded-Proto']) {
          const found = await curl('-u', 'bob:secret', '-H', `Connection: ${connection}`, `http://127.0.0.1:${APACHE}/${app}/private/x`);
          assert.match(found, /"REMOTE_USER": "bob"/, `${app}, ${connection}`);
        }
      }
    });

    for (const [proxy, port] of Object.entries(PORTS)) {
      it(`${proxy}: a link leads to what belongs to its owner, or nowhere`, async () => {
        const at = async (path: string): Promise<string> => status(`http://127.0.0.1:${port}/shop/${path}`);
        for (const path of ['static/own.txt', 'static/link.txt', 'static/folder/own.txt']) assert.equal(await at(path), '200', path);
        // The last one is the folder itself, which the app's account has made a link.
        for (const path of ['static/x.txt', 'static/root/srv/blog-files/upload.txt', 'static/files/upload.txt', 'media/upload.txt']) assert.equal(await at(path), '403', path);
        await lab.write('/srv/shop/static/.htaccess', 'Options +FollowSymLinks\n');
        assert.equal(await at('static/x.txt'), '403');
        await lab.sh('rm /srv/shop/static/.htaccess');
        // Nor does the proxy run what is there.
        assert.match(await curl(`http://127.0.0.1:${port}/shop/static/run.php`), /^Status: 299 Ran/);
      });

      it(`${proxy}: a mount and an address with quotes and semicolons are just that`, async () => {
        assert.match(await curl(`http://127.0.0.1:${port}/a%20%22b%22%20$c/x`), /"SCRIPT_NAME": "\/a \\"b\\" \$c"/);
      });
    }

    it('two slow clients through Apache, that send or that take, do not keep an app of two threads busy', async () => {
      await lab.sh('head -c 3000000 /dev/zero >/tmp/body');
      for (const slow of [['--limit-rate', '2k', '--data-binary', '@/tmp/body', `http://127.0.0.1:${APACHE}/slow/x`], ['--limit-rate', '1', `http://127.0.0.1:${APACHE}/slow/big`]]) {
        const clients = [1, 2].map(() => lab.spawn(['curl', '-s', '-o', '/dev/null', '--max-time', '60', ...slow]));
        await lab.waitFor('both are there', async () => Number(await lab.sh('ss -xH state established src /run/wsgi/slow.sock | wc -l')) >= 2);
        assert.equal(await status(`http://127.0.0.1:${APACHE}/slow/y`), '200', slow.join(' '));
        for (const client of clients) client.kill('SIGKILL');
      }
      const log = await lab.journal(['-u', 'wsgi-worker-slow-*']);
      assert.match(log, /POST \/slow\/x: the client sent (nothing|less) .*: answered 408/);
      assert.match(log, /GET \/slow\/big: the client took (nothing|less) .*: cut/);
    });

    it('an answer that comes before its body was read arrives through Apache, however long and slow that is', async () => {
      await lab.sh('head -c 3000000 /dev/zero >/tmp/body');
      const uploads: readonly (readonly string[])[] = [[], ['--limit-rate', '1500k'], ['-H', 'Transfer-Encoding: chunked'], ['-H', 'Transfer-Encoding: chunked', '--limit-rate', '1500k']];
      const got = await Promise.all(uploads.flatMap((how) => [0, 1000].map((read) => curl('-H', 'Expect:', ...how, '--data-binary', '@/tmp/body', `http://127.0.0.1:${APACHE}/shop/refused?${read}`))));
      assert.deepEqual(got, got.map(() => 'refused by the app'));
    });

    it('check says whose account could claim to be the proxy, and that one thread is little behind Apache', async () => {
      await writeApp(lab, 'web', '');
      await lab.sh('sed -i "s/user = deploy/user = www-data/" /etc/wsgictl/apps.d/web.ini');
      const { stderr } = await lab.run(['wsgictl', 'check', 'shop', 'odd', 'vault'], { timeout: 120_000 });
      assert.match(stderr, /shop\.ini:\d+: warning: the app web \(as www-data\) can connect to the socket and claim to be any REMOTE_USER; /);
      assert.match(stderr, /odd\.ini:\d+: warning: Apache, in front of this app, .*1 slow clients keep all 1 threads busy; /);
      assert.equal(stderr.match(/warning/g)?.length, 2, stderr);
      await lab.sh('rm /etc/wsgictl/apps.d/web.ini');
    });

    it('variables at an address for everybody are refused, and the app goes on', async () => {
      await lab.sh('sed -i "s/^\\[proxy\\]/[socket]\\nlisten = 127.0.0.1:8001\\n[proxy]/" /etc/wsgictl/apps.d/shop.ini');
      const { code, stderr } = await lab.run(['wsgictl', 'apply', 'shop'], { timeout: 120_000 });
      assert.equal(code, 3, stderr);
      assert.match(stderr, /shop\.ini:\d+: every local account can connect to 127\.0\.0\.1:8001/);
      assert.equal(await status(`http://127.0.0.1:${NGINX}/shop/x`), '200');
    });

    it('the secret stays, is changed without a refused request, comes back where it is lost, and goes with the app', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      const secret = async (): Promise<string> => lab.read('/var/lib/wsgictl/vault/proof');
      const both = async (): Promise<string[]> => Promise.all(Object.values(PORTS).map(async (port) => status(`http://127.0.0.1:${port}/vault/x`)));
      const first = await secret();
      await lab.sh('wsgictl apply vault', { timeout: 120_000 });
      assert.equal(await secret(), first);

      const watched = lab.run(['sh', '-c', `until [ -e /tmp/done ]; do for port in ${NGINX} ${APACHE}; do curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:$port/vault/x; done; sleep 0.1; done`], { timeout: 120_000 });
      await lab.sh(`cd /var/lib/wsgictl/vault && (umask 077; (openssl rand -hex 32; cat proof) >new && mv new proof)
        wsgictl reload --no-wait vault && systemctl reload nginx apache2; sleep 1
        sed -i 2d proof && wsgictl reload --no-wait vault; touch /tmp/done`, { timeout: 120_000 });
      assert.deepEqual([...new Set((await watched).stdout.trim().split('\n'))], ['200']);
      assert.notEqual(await secret(), first);

      await lab.sh('rm /var/lib/wsgictl/vault/proof*; wsgictl reload --no-wait vault', { timeout: 120_000 });
      assert.deepEqual(await both(), ['400', '400']);
      await lab.sh('systemctl reload nginx apache2; sleep 1');
      assert.deepEqual(await both(), ['200', '200']);
      assert.equal(await lab.sh('stat -c %a%U /var/lib/wsgictl/vault/proof*'), '600root\n'.repeat(3));
      await lab.sh('wsgictl remove vault', { timeout: 120_000 });
      assert.equal(await lab.exists('/var/lib/wsgictl/vault'), false);
    });
  });
}
