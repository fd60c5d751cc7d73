// What an account without root may do: with polkit's own daemon, as it is in the distribution.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { NEWEST, statusOf, whole } from './whole.js';

const RULE = fileURLToPath(new URL('../../../packaging/polkit/50-wsgictl.rules', import.meta.url));
const PROCESSES = 2;
const RELOADS = ['wsgictl reload shop', 'systemctl reload wsgi-app@shop'];
const REFUSED = [
  'wsgictl stop shop', 'wsgictl start blog', 'wsgictl restart shop', 'wsgictl apply shop', 'wsgictl rollback shop', 'wsgictl remove shop',
  'systemctl stop wsgi-app@shop', 'systemctl restart wsgi-app@shop', 'systemctl start wsgi-app@blog', 'systemctl kill wsgi-app@shop',
  'systemctl stop wsgi-worker-shop-1@1', 'systemctl restart wsgi-worker-shop-1@1', 'systemctl reload wsgi-worker-shop-1@1',
  'systemctl stop wsgi-app@shop.socket', 'systemctl reload wsgi-app.target', 'systemctl reload dbus', 'systemctl daemon-reload',
  'systemctl set-property wsgi-shop.slice MemoryMax=1G', 'systemctl disable wsgi-app@shop',
];

for (const release of NEWEST) {
  describe(`without root on ${release}`, { timeout: 300_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await lab.write('/usr/share/polkit-1/rules.d/50-wsgictl.rules', readFileSync(RULE, 'utf8'), 0o644);
      await lab.sh('groupadd --system wsgictl; systemctl restart polkit');
      for (const app of ['shop', 'blog']) {
        await deploy(lab, 1, { app, importDelay: 0.2 });
        await configure(lab, { workers: { processes: PROCESSES }, reload: { settle: '200ms' } }, app);
      }
      await lab.sh('wsgictl apply && wsgictl stop blog', { timeout: 120_000 });
    });
    after(async () => lab.stop());

    const alice = async (command: string): Promise<{ code: number | null; said: string }> => {
      const { code, stdout, stderr } = await lab.run(command.split(' '), { user: 'alice', timeout: 60_000 });
      return { code, said: stdout + stderr };
    };
    const refuses = async (commands: readonly string[]): Promise<void> => {
      const before = await statusOf(lab);
      for (const command of commands) {
        const { code, said } = await alice(command);
        assert.ok(code !== null && code !== 0, `${command}: ${code}\n${said}`);
        assert.doesNotMatch(said, /this is a bug/i, command);
      }
      assert.deepEqual((await statusOf(lab)).workers, before.workers);
      assert.equal((await lab.sh('systemctl is-active wsgi-app@blog || true')).trim(), 'inactive');
    };

    it('status needs no rights', async () => {
      const { code, said } = await alice('wsgictl status shop');
      assert.equal(code, 0, said);
      assert.match(said, /shop: active, generation 1, 2 of 2 workers ready/);
    });

    it('who is not in the group may not even reload', async () => {
      await deploy(lab, 2, { importDelay: 0.2 }); // or an apply would have nothing to do
      await refuses([...RELOADS, ...REFUSED]);
    });

    it('a member of the group may reload, and no more', async () => {
      await lab.sh('usermod --append --groups wsgictl alice');
      await refuses(REFUSED);
      for (const [made, command] of RELOADS.entries()) {
        const { code, said } = await alice(command);
        assert.equal(code, 0, `${command}: ${said}`);
        assert.equal((await whole(lab, PROCESSES, command)).generation, made + 2);
      }
    });
  });
}
