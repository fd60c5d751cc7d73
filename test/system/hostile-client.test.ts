// What a hostile client can make an app believe, at its socket and behind both proxies.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Lab } from '../lab/lab.js';
import { APACHE, NGINX, putInFront, writeApp } from './proxies.js';
import { OLDEST } from './whole.js';

const REQUESTS = readFileSync(fileURLToPath(new URL('../../../test/system/hostile-requests.py', import.meta.url)), 'utf8');
const VARIABLES = 'variables = REMOTE_USER, REMOTE_ADDR, SSL_CLIENT_S_DN';

interface Answer {
  readonly case: string;
  readonly target: string;
  readonly statuses: readonly number[];
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
  describe(`a hostile client on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    const send = async (path: string, ...targets: readonly string[]): Promise<Answer[]> => {
      const { code, stdout, stderr } = await lab.run(['python3', '/tmp/requests.py', path, ...targets], { timeout: 180_000 });
      assert.equal(code, 0, stderr);
      return stdout.trim().split('\n').map((line) => JSON.parse(line) as Answer);
    };
    before(async () => {
      lab = await Lab.boot(release);
      await lab.write('/tmp/requests.py', REQUESTS);
      await writeApp(lab, 'shop', `[workers]\nthreads = 8\n[reload]\nsettle = 100ms\n[proxy]\nmount = /shop\n${VARIABLES}\nstatic = /shop/static /srv/shop/static\n`);
      await writeApp(lab, 'vault', `[workers]\nthreads = 8\n[socket]\nlisten = 127.0.0.1:8000\n[reload]\nsettle = 100ms\n[proxy]\nmount = /vault\n${VARIABLES}\nproof = yes\n`);
      await lab.sh('install -d -o deploy /srv/shop/static; echo "the secret file" >/srv/shop/secret.txt; htpasswd -bc /etc/apache2/users bob secret; wsgictl apply');
      await putInFront(lab, ['shop', 'vault'], '<LocationMatch "^/(shop|vault)/private">\nAuthType Basic\nAuthName x\nAuthUserFile /etc/apache2/users\nRequire valid-user\n</LocationMatch>\n');
    });
    after(async () => lab.stop());

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
      for (const target of ['socket', 'nginx', 'apache']) {
        const reached = (answers: readonly Answer[]): number => answers.filter((one) => one.target === target && one.found.length > 0).length;
        assert.ok(reached(shop) > 30, `${target}: ${reached(shop)} requests reached the app`);
        if (target !== 'socket') assert.equal(reached(vault), reached(shop), target);
      }
    });

    it('with a proof, no request without it reaches the app, and the app never sees it', async () => {
      const answers = await send('/vault/x', 'socket=8000');
      assert.deepEqual(answers.filter(({ found }) => found.length > 0), []);
      assert.deepEqual([...new Set(answers.find((one) => one.case === 'as it is')?.statuses)], [400]);
      const secret = (await lab.read('/var/lib/wsgictl/vault/proof')).trim();
      assert.match(secret, /^[0-9a-f]{64}$/);
      const asked = async (...headers: readonly string[]): Promise<string> =>
        (await lab.run(['curl', '-s', ...headers.flatMap((header) => ['-H', header]), 'http://127.0.0.1:8000/vault/x'])).stdout;
      const found = await asked(`X-Wsgictl-Proof: ${secret}`, 'X-Wsgictl-REMOTE-USER: bob');
      assert.match(found, /"REMOTE_USER": "bob"/);
      assert.ok(!found.includes(secret) && !/proof/i.test(found), found);
      for (const wrong of [secret.slice(1), `${secret}0`, secret.toUpperCase(), 'x'.repeat(64)]) {
        assert.match(await asked(`X-Wsgictl-Proof: ${wrong}`), /did not come through the proxy/, wrong);
      }
      assert.match(await asked(`X-Wsgictl-Proof: ${secret}`, `X-Wsgictl-Proof: ${secret}`), /did not come through the proxy/);
      // Neither in its environment nor in its command line, nor in a file that others can read.
      const pids = (await lab.sh("systemctl show -P MainPID 'wsgi-worker-vault-*@*.service'")).split('\n').filter(Boolean);
      const shown = await lab.sh(`cat ${pids.map((pid) => `/proc/${pid}/environ /proc/${pid}/cmdline`).join(' ')} | tr '\\0' '\\n'`);
      assert.ok(!shown.includes(secret));
      const readable = await lab.run(['grep', '-rlsF', secret, '/etc', '/run', '/var/lib/wsgictl'], { user: 'alice' });
      assert.equal(readable.stdout, '');
      const journal = await lab.journal(['-u', 'wsgi-worker-vault-*']);
      assert.match(journal, /answered 400, as the proxy's proof is not with it/);
      assert.ok(!journal.includes(secret));
    });

    it('who has logged in stays logged in, whatever Connection says', async () => {
      for (const app of ['shop', 'vault']) {
        for (const connection of ['close', 'X-Wsgictl-REMOTE-USER', 'close, x-wsgictl-remote-user, X-Wsgictl-REMOTE-ADDR, X-Forwarded-Proto']) {
          const { stdout } = await lab.run(['curl', '-s', '-u', 'bob:secret', '-H', `Connection: ${connection}`, `http://127.0.0.1:${APACHE}/${app}/private/x`]);
          assert.match(stdout, /"REMOTE_USER": "bob"/, `${app}, ${connection}: ${stdout}`);
        }
      }
    });
  });
}
