// Apache and nginx in front of apps that were imported from mod_wsgi: G1, G3 and G5 of the cases.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab } from '../lab/lab.js';
import { environAt, startApache, takeOver, type Environ } from './front.js';
import { OLDEST } from './whole.js';

/** What a client may try. */
const FORGED = ['Remote-User', 'REMOTE_USER', 'Remote_User', 'X-Remote-User', 'X-Wsgictl-Remote-User', 'X_Wsgictl_Remote_User', 'X-Wsgictl_REMOTE-USER']
  .flatMap((name) => ['-H', `${name}: eve`, '-H', `${name}: eve`]);
const LOGIN = ['-u', 'alice:secret'];

const paths = (environ: Environ): readonly (string | undefined)[] => [environ['SCRIPT_NAME'], environ['PATH_INFO']];

/** By RFC 6455 a client takes any answer but 101 for a no, and closes. */
async function notUpgraded(lab: Lab): Promise<void> {
  const websocket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
  const { code, stdout } = await lab.run(['curl', '-sSi', '--max-time', '20', ...websocket.flatMap((line) => ['-H', line]), 'http://127.0.0.1/shop/x']);
  assert.equal(code, 0, 'the answer has no end');
  assert.match(stdout, /^HTTP\/1\.1 200 /);
  assert.doesNotMatch(stdout, /^Upgrade:|"HTTP_UPGRADE": "[^"]/im);
}

for (const release of OLDEST) {
  describe(`in front of apps on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    let fronts: readonly string[];
    before(async () => {
      lab = await Lab.boot(release);
      fronts = await takeOver(lab);
    });
    after(async () => lab.stop());

    for (const mpm of ['prefork', 'event'] as const) {
      describe(`Apache ${mpm}`, () => {
        before(async () => startApache(lab, mpm, fronts));
        after(async () => lab.sh('systemctl stop apache2'));

        it('SCRIPT_NAME and PATH_INFO are what mod_wsgi gave', async () => {
          assert.deepEqual(paths(await environAt(lab, 'http://127.0.0.1/shop/a%20b/c?x=1')), ['/shop', '/a b/c']);
          assert.deepEqual(paths(await environAt(lab, 'http://127.0.0.1/shop')), ['/shop', '']);
          assert.deepEqual(paths(await environAt(lab, 'http://127.0.0.1/old%20blog/x')), ['/old blog', '/x']);
          assert.deepEqual(paths(await environAt(lab, 'http://127.0.0.1/api/x')), ['', '/api/x']);
          assert.equal((await lab.run(['curl', '-s', 'http://127.0.0.1/shop/static/plain.txt'])).stdout, 'static\n');
          assert.match((await lab.run(['curl', '-s', 'http://127.0.0.1/shopping'])).stdout, /404/);
        });

        it('a delegated URL has processes of its own, and keeps its mount', async () => {
          for (const path of ['/shop/reports/x', '/shop/invoice.pdf']) {
            const environ = await environAt(lab, `http://127.0.0.1${path}`);
            assert.deepEqual([environ['SCRIPT_NAME'], environ['wsgi.multithread']], ['/shop', 'True'], path);
          }
          assert.equal((await environAt(lab, 'http://127.0.0.1/shop/reportsX'))['wsgi.multithread'], 'False');
        });

        it('G1: REMOTE_USER is who has logged in at Apache, and never what a client says', async () => {
          for (const scheme of ['http', 'https']) {
            assert.equal((await environAt(lab, `${scheme}://127.0.0.1/shop/private/x`, ...LOGIN, ...FORGED))['REMOTE_USER'], 'alice');
            const open = await environAt(lab, `${scheme}://127.0.0.1/shop/x`, ...LOGIN, ...FORGED);
            assert.equal(open['REMOTE_USER'], undefined);
            assert.equal(Object.keys(open).find((name) => /WSGICTL/i.test(name)), undefined);
          }
          assert.equal((await lab.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1/shop/private/x', ...FORGED])).stdout, '401');
          const direct = await lab.run(['setpriv', '--reuid', 'alice', '--clear-groups', 'curl', '-s', '--unix-socket', '/run/wsgi/shop.sock', 'http://x/']);
          assert.notEqual(direct.code, 0);
        });

        it('a login that the <Directory> of a script asked for is asked for', async () => {
          assert.equal((await lab.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1/staff/x', ...FORGED])).stdout, '401');
          const environ = await environAt(lab, 'https://127.0.0.1/staff/x', ...LOGIN, ...FORGED);
          assert.deepEqual([environ['REMOTE_USER'], ...paths(environ)], ['alice', '/staff', '/x']);
        });

        it('G3: https is what came by TLS, whatever a client says', async () => {
          assert.equal((await environAt(lab, 'https://127.0.0.1/shop/x'))['wsgi.url_scheme'], 'https');
          assert.equal((await environAt(lab, 'http://127.0.0.1/shop/x', '-H', 'X-Forwarded-Proto: https'))['wsgi.url_scheme'], 'http');
        });

        it('SetEnv, the client and Authorization reach the app as before', async () => {
          const [plain, hooks] = [await environAt(lab, 'http://127.0.0.1/shop/x', ...LOGIN), await environAt(lab, 'http://127.0.0.1/shop/hooks/x', ...LOGIN)];
          assert.deepEqual([plain['MODE'], plain['PLACE'], plain['HTTP_AUTHORIZATION'], plain['REMOTE_ADDR']], ['cash only', undefined, undefined, '127.0.0.1']);
          assert.deepEqual([hooks['MODE'], hooks['PLACE']], ['cash only', 'hooks']);
          assert.match(hooks['HTTP_AUTHORIZATION'] ?? '', /^Basic /);
          assert.equal((await environAt(lab, 'http://127.0.0.1/shop/x', '-H', 'X-Forwarded-For: 10.9.9.9'))['REMOTE_ADDR'], '127.0.0.1');
        });

        it('G5: the first request after an outage is answered', async () => {
          await lab.sh('wsgictl stop shop');
          for (let round = 0; round < 3; round++) {
            assert.equal((await lab.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1/shop/x'])).stdout, '503');
          }
          await lab.sh('wsgictl start shop');
          assert.equal((await environAt(lab, 'http://127.0.0.1/shop/x'))['SCRIPT_NAME'], '/shop');
        });

        it('G5: requests wait for an app that is restarted', async () => {
          // The script is also what a touch is: a roll that it begins before the restart would serve meanwhile.
          const seen = await lab.sh(`
            systemctl stop wsgi-app-touch@shop.path
            cp /srv/shop/shop.wsgi /tmp/shop.wsgi
            printf 'import time\ntime.sleep(3)\n' >>/srv/shop/shop.wsgi
            wsgictl restart shop >&2 &
            while kill -0 $!; do curl -s -o /dev/null -w '%{http_code} %{time_total}\n' --max-time 60 http://127.0.0.1/shop/x; sleep 0.2; done
            wait $!
            cp /tmp/shop.wsgi /srv/shop/shop.wsgi
            systemctl start wsgi-app-touch@shop.path`);
          const [codes, times] = [0, 1].map((at) => seen.trim().split('\n').map((line) => line.split(' ')[at] ?? ''));
          assert.deepEqual(new Set(codes), new Set(['200']), seen);
          assert.ok(times?.some((time) => Number(time) > 1), `none had to wait: ${seen}`);
        });

        it('a websocket gets a plain answer, and the app sees no upgrade', async () => notUpgraded(lab));
      });
    }

    it('nginx: the same paths, nobody forges a user, and an outage is forgotten', async () => {
      const [upstream = '', locations = ''] = (await lab.sh('wsgictl proxy nginx shop')).split('# In server { }.');
      const login = locations.split(/^(?=location )/m).find((text) => text.startsWith('location ^~ "/shop/"')) ?? '';
      const secret = `location ^~ "/shop/private/" { auth_basic shop; auth_basic_user_file /etc/apache2/users;${login.slice(login.indexOf('{') + 1)}`.replace(/(X-Wsgictl-REMOTE-USER) ""/, '$1 $remote_user');
      await lab.write('/etc/nginx/sites-enabled/default', `${upstream}\nserver {\nlisten 80;\n${locations}\n${secret}\n}\n`);
      await lab.sh('nginx -t; systemctl restart nginx');
      assert.deepEqual(paths(await environAt(lab, 'http://127.0.0.1/shop/a%20b?x=1')), ['/shop', '/a b']);
      assert.deepEqual(paths(await environAt(lab, 'http://127.0.0.1/old%20blog/x')), ['/old blog', '/x']);
      const open = await environAt(lab, 'http://127.0.0.1/shop/x', ...LOGIN, ...FORGED, '-H', 'X-Forwarded-Proto: https');
      assert.deepEqual([open['REMOTE_USER'], open['wsgi.url_scheme'], open['REMOTE_ADDR']], [undefined, 'http', '127.0.0.1']);
      assert.equal((await environAt(lab, 'http://127.0.0.1/shop/private/x', ...LOGIN, ...FORGED))['REMOTE_USER'], 'alice');
      await lab.sh('wsgictl stop shop; curl -s http://127.0.0.1/shop/x >/dev/null; curl -s http://127.0.0.1/shop/x >/dev/null; wsgictl start shop');
      assert.equal((await environAt(lab, 'http://127.0.0.1/shop/x'))['SCRIPT_NAME'], '/shop');
      await notUpgraded(lab);
      await lab.sh('systemctl stop nginx');
    });
  });
}
