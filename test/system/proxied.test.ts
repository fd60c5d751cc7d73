// nginx and Apache in front of apps, by what wsgictl prints: files, odd paths, slow clients, and the secret's life.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab } from '../lab/lab.js';
import { APACHE, NGINX, putInFront, writeApp } from './proxies.js';
import { NEWEST } from './whole.js';

const PORTS = { nginx: NGINX, apache: APACHE };
const FAST = '[reload]\nsettle = 100ms\ngraceful-timeout = 2s\n';
const STATUS = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '20', '--path-as-is'];

for (const release of NEWEST) {
  describe(`behind proxies on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    const status = async (url: string): Promise<string> => (await lab.run(['curl', ...STATUS, url])).stdout;
    before(async () => {
      lab = await Lab.boot(release);
      // An address and a path that would be several directives, if anything in them counted.
      await writeApp(lab, 'odd', `[workers]\nprocesses = 1\n[socket]\nlisten = /run/x.sock; } server { listen 81; location / { root /etc; } } upstream y {\n${FAST}[proxy]\nmount = /a "b" $c\n`);
      await writeApp(lab, 'shop', `[workers]\nprocesses = 1\nthreads = 8\n${FAST}[proxy]\nmount = /shop\nstatic = /shop/static /srv/shop/static\nstatic = /shop/media /srv/shop/media files\nvariables = REMOTE_USER\nproof = yes\n`);
      await writeApp(lab, 'slow', `[workers]\nidle-timeout = 2s\nmin-rate = 100000\n${FAST}[proxy]\nmount = /slow\n`);
      await writeApp(lab, 'blog', `${FAST}[proxy]\nmount = /blog\nvariables = REMOTE_USER\n`);
      await lab.sh(`
        useradd --system blog; usermod -aG blog www-data; usermod -aG www-data alice
        install -d -o deploy /srv/shop/static /srv/shop/mine; cd /srv/shop
        install -o blog -g blog -m 0640 /dev/stdin /srv/blog-upload.txt <<<"the secret of blog"
        install -d -o blog -g blog -m 0750 /srv/blog-files; install -o blog -g blog -m 0640 /srv/blog-upload.txt /srv/blog-files/upload.txt
        setpriv --reuid deploy --regid deploy --clear-groups sh -ec '
          echo own >static/own.txt; echo own >mine/own.txt; ln -s ../mine/own.txt static/link.txt; ln -s ../mine static/folder
          ln -s /srv/blog-upload.txt static/x.txt; ln -s / static/root; ln -s /srv/blog-files static/files
          ln -s /srv/blog-files "media files"'
        wsgictl apply`, { timeout: 120_000 });
      await putInFront(lab, ['odd', 'shop', 'slow', 'blog']);
    });
    after(async () => lab.stop());

    for (const [proxy, port] of Object.entries(PORTS)) {
      it(`${proxy}: a link leads to what belongs to its owner, or nowhere`, async () => {
        const at = async (path: string): Promise<string> => status(`http://127.0.0.1:${port}/shop/${path}`);
        for (const path of ['static/own.txt', 'static/link.txt', 'static/folder/own.txt']) assert.equal(await at(path), '200', path);
        // The last one is the folder itself, which the app's account has made a link.
        for (const path of ['static/x.txt', 'static/root/srv/blog-upload.txt', 'static/files/upload.txt', 'media/upload.txt']) assert.equal(await at(path), '403', path);
        await lab.write('/srv/shop/static/.htaccess', 'Options +FollowSymLinks\n');
        assert.equal(await at('static/x.txt'), '403');
        await lab.sh('rm /srv/shop/static/.htaccess');
      });

      it(`${proxy}: a mount and an address with quotes and semicolons are just that`, async () => {
        const { stdout } = await lab.run(['curl', '-s', `http://127.0.0.1:${port}/a%20%22b%22%20$c/x`]);
        assert.match(stdout, /"SCRIPT_NAME": "\/a \\"b\\" \$c"/);
      });
    }

    it('two slow clients through Apache, that send or that take, do not keep an app of two threads busy', async () => {
      await lab.sh('head -c 3000000 /dev/zero >/tmp/body');
      for (const slow of [['--limit-rate', '2k', '--data-binary', '@/tmp/body', `http://127.0.0.1:${APACHE}/slow/x`], ['--limit-rate', '1', `http://127.0.0.1:${APACHE}/slow/big`]]) {
        const clients = [1, 2].map(() => lab.spawn(['curl', '-s', '-o', '/dev/null', '--max-time', '60', ...slow]));
        await lab.waitFor('both are there', async () => Number(await lab.sh(`ss -xH state established src /run/wsgi/slow.sock | wc -l`)) >= 2);
        assert.equal(await status(`http://127.0.0.1:${APACHE}/slow/y`), '200', slow.join(' '));
        for (const client of clients) client.kill('SIGKILL');
      }
      const log = await lab.journal(['-u', 'wsgi-worker-slow-*']);
      assert.match(log, /POST \/slow\/x: the client sent (nothing|less) .*: answered 408/);
      assert.match(log, /GET \/slow\/big: the client took (nothing|less) .*: cut/);
    });

    it('check says whose account could claim to be the proxy, and that two threads are few behind Apache', async () => {
      await writeApp(lab, 'web', '');
      await lab.sh('sed -i "s/user = deploy/user = www-data/" /etc/wsgictl/apps.d/web.ini');
      const { stderr } = await lab.run(['wsgictl', 'check', 'blog', 'shop'], { timeout: 120_000 });
      assert.match(stderr, /blog\.ini:\d+: warning: the app web \(as www-data\) can connect to the socket and claim to be any REMOTE_USER; /);
      assert.match(stderr, /blog\.ini.*: warning: Apache, in front of this app, .*2 slow clients keep all 2 threads busy; /);
      assert.doesNotMatch(stderr, /shop\.ini/);
      await lab.sh('rm /etc/wsgictl/apps.d/web.ini');
    });

    it('variables at an address for everybody are refused, and the app goes on', async () => {
      await lab.sh('sed -i "s/^mount/mount/; s/^\\[proxy\\]/[socket]\\nlisten = 127.0.0.1:8000\\n[proxy]/" /etc/wsgictl/apps.d/blog.ini');
      const { code, stderr } = await lab.run(['wsgictl', 'apply', 'blog'], { timeout: 120_000 });
      assert.equal(code, 3, stderr);
      assert.match(stderr, /blog\.ini:\d+: every local account can connect to 127\.0\.0\.1:8000/);
      assert.equal(await status(`http://127.0.0.1:${NGINX}/blog/x`), '200');
    });

    it('the secret stays, is changed without a refused request, comes back where it is lost, and goes with the app', async () => {
      const secret = async (): Promise<string> => lab.read('/var/lib/wsgictl/shop/proof');
      const both = async (): Promise<string[]> => Promise.all(Object.values(PORTS).map(async (port) => status(`http://127.0.0.1:${port}/shop/x`)));
      const first = await secret();
      await lab.sh('wsgictl apply shop', { timeout: 120_000 });
      assert.equal(await secret(), first);
      assert.deepEqual(await both(), ['200', '200']);

      const watch = lab.run(['sh', '-c', `until [ -e /tmp/done ]; do for port in ${NGINX} ${APACHE}; do curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:$port/shop/x; done; sleep 0.1; done`], { timeout: 120_000 });
      await lab.sh(`cd /var/lib/wsgictl/shop && (umask 077; (openssl rand -hex 32; cat proof) >new && mv new proof)
        wsgictl reload --no-wait shop && systemctl reload nginx apache2; sleep 1
        sed -i 2d proof && wsgictl reload --no-wait shop; touch /tmp/done`, { timeout: 120_000 });
      const codes = (await watch).stdout.trim().split('\n');
      assert.deepEqual([...new Set(codes)], ['200']);
      assert.notEqual(await secret(), first);

      await lab.sh('rm /var/lib/wsgictl/shop/proof*; wsgictl reload --no-wait shop', { timeout: 120_000 });
      assert.deepEqual(await both(), ['400', '400']);
      await lab.sh('systemctl reload nginx apache2; sleep 1');
      assert.deepEqual(await both(), ['200', '200']);
      assert.equal(await lab.sh('stat -c %a%U /var/lib/wsgictl/shop/proof*'), '600root\n'.repeat(3));

      await lab.sh('wsgictl remove shop', { timeout: 120_000 });
      assert.equal(await lab.exists('/var/lib/wsgictl/shop'), false);
    });
  });
}
