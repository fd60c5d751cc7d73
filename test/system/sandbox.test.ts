// What an app cannot do from inside of its sandbox, and what systemd makes of all units of ours.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { NEWEST, remains, statusOf } from './whole.js';

const APP = fileURLToPath(new URL('../../../test/system/escape-app.py', import.meta.url));
/** Of `systemd-analyze security`, from 0 to 10: README has these figures. */
const EXPOSURE = { default: 1.9, strict: 1.3, others: 1.8 };

for (const release of NEWEST) {
  describe(`the sandbox on ${release}`, { timeout: 300_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await lab.sh('useradd --system blog');
      await deploy(lab, 1, { app: 'blog', importDelay: 0 });
      await configure(lab, { app: { user: 'blog' }, workers: { processes: 1 }, reload: { settle: '50ms' }, environment: { SECRET: 'blog' } }, 'blog');
      await lab.sh(`wsgictl apply
        pid=$(systemctl show -P MainPID wsgi-worker-blog-1@1.service)
        touch /proc/$pid/root/tmp/of-blog; install -o blog -m 600 /dev/null /srv/blog/secret
        mkdir -p /srv/shop; echo $pid >/srv/shop/blog.pid
        # The account has a systemd of its own.
        systemctl start user@$(id -u deploy).service`);
      await deploy(lab, 1, { importDelay: 0 });
      await lab.write('/srv/shop/releases/1/escape.py', readFileSync(APP, 'utf8'), 0o644);
      await lab.write('/etc/shop.key', 'hunter2', 0o600);
    });
    after(async () => lab.stop());

    const apply = async (sandbox: 'default' | 'strict'): Promise<void> => {
      const interrupt = { 'graceful-timeout': '3s', 'interrupt-timeout': '1s' };
      await configure(lab, { app: { module: 'escape', sandbox }, workers: { processes: 1 }, reload: { settle: '50ms', ...interrupt }, health: { 'warm-up': null }, credentials: { key: '/etc/shop.key' } });
      await lab.sh('wsgictl apply', { timeout: 60_000 });
    };
    const ask = async (path: string): Promise<Record<string, string>> =>
      JSON.parse(await lab.sh(`curl -s --max-time 60 --unix-socket /run/wsgi/shop.sock http://localhost${path}`)) as Record<string, string>;
    /** Every one of at least so many attempts was refused. */
    const nothingGetsOut = async (path: string, attempts: number): Promise<void> => {
      const said = Object.entries(await ask(path));
      assert.ok(said.length >= attempts, `${said.length}`);
      assert.deepEqual(said.filter(([, outcome]) => !outcome.startsWith('refused: ')), []);
    };
    const exposure = async (unit: string): Promise<number> =>
      Number(/: ([0-9.]+) /.exec((await lab.sh(`systemd-analyze security --no-pager ${unit} | tail -n 1`)))?.[1]);
    const worker = async (): Promise<string> => (await statusOf(lab)).workers[0]?.unit ?? '';

    it('nothing gets out of the default one, and nothing stays behind at a stop', async () => {
      await apply('default');
      await nothingGetsOut('/', 30);
      assert.deepEqual(await ask('/secret'), { key: 'hunter2' });
      assert.equal(await exposure(await worker()), EXPOSURE.default);
      await ask('/stay');
      await lab.sh('wsgictl stop shop', { timeout: 60_000 });
      assert.deepEqual(await remains(lab), []);
      await lab.sh('wsgictl start shop', { timeout: 60_000 });
    });

    it('nor out of the strict one, which refuses more', async () => {
      await apply('strict');
      await nothingGetsOut('/', 30);
      await nothingGetsOut('/strict', 8);
      assert.deepEqual(await ask('/secret'), { key: 'hunter2' });
      assert.equal(await exposure(await worker()), EXPOSURE.strict);
    });

    it('what runs wsgictl as root has a sandbox too', async () => {
      for (const unit of ['wsgi-app@shop', 'wsgi-app-drain', 'wsgi-app-verdict', 'wsgi-app-touch@x', 'wsgi-app-touched@x', 'wsgi-request@1-1-0']) {
        assert.equal(await exposure(`${unit}.service`), EXPOSURE.others, unit);
      }
    });
  });
}
