// `wsgictl --user`: an ordinary user's apps under a lingering user manager, without root anywhere.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deploy } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { lossless } from './rolls.js';
import { OLDEST, type Status } from './whole.js';

const INI = `
[app]
module = app:application
directory = /srv/shop/current

[workers]
processes = 2

[reload]
settle = 200ms

[health]
warm-up = /health
`;

for (const release of OLDEST) {
  describe(`wsgictl --user on ${release}`, { timeout: 300_000 }, () => {
    let lab: Lab;
    let runtime = '';

    before(async () => {
      lab = await Lab.boot(release);
      runtime = `/run/user/${(await lab.sh('id -u alice')).trim()}`;
      await lab.sh('loginctl enable-linger alice');
      await lab.waitFor("alice's user manager", () => lab.exists(`${runtime}/systemd/private`));
    });
    after(async () => lab.stop());

    const alice = (script: string): Promise<Result> => lab.run(['bash', '-c', script], { user: 'alice', env: { HOME: '/home/alice', XDG_RUNTIME_DIR: runtime } });

    async function good(script: string): Promise<string> {
      const { code, stdout, stderr } = await alice(script);
      assert.equal(code, 0, `${script}\n${stdout}${stderr}`);
      return stdout;
    }

    const status = async (): Promise<Status> => (JSON.parse((await alice('wsgictl --user status --json')).stdout) as Status[])[0] as Status;

    it('apply, reload by either command and rollback: nothing is lost, and nothing needs root', async (t) => {
      await deploy(lab, 1, { importDelay: 0.2 });
      await good(`mkdir -p ~/.config/wsgictl/apps.d; echo '${INI}' >~/.config/wsgictl/apps.d/shop.ini; wsgictl --user apply`);
      const load = startLoad(lab, { socket: `${runtime}/wsgi/shop.sock`, fast: 4, pauseMs: 20 });
      await load.started();
      await deploy(lab, 2, { importDelay: 0.2 });
      await good('wsgictl --user apply');
      await good('systemctl --user reload wsgi-app@shop');
      await good('systemctl --user reload wsgi-app.target');
      await good('wsgictl --user rollback shop 1');
      const { requests, releases } = await lossless(load);
      t.diagnostic(`${release}: ${requests} requests, 0 failed`);
      assert.deepEqual(releases.map(({ name }) => name), ['1', '2']);
      const { generation, workers, healthy } = await status();
      assert.deepEqual([generation, workers.map(({ phase }) => phase), healthy], [5, ['ready', 'ready'], true]);
      assert.match(await good(`curl -s --unix-socket ${runtime}/wsgi/shop.sock http://localhost/who`), /"release": "1"/);
    });

    it('a release that does not run is rolled back', async () => {
      await deploy(lab, 3, { broken: 'import' });
      const { code, stdout, stderr } = await alice('wsgictl --user apply');
      assert.equal(code, 4, stdout + stderr);
      assert.match(stderr, /RuntimeError: release 3 is broken/);
      assert.deepEqual((await status()).workers.map(({ phase }) => phase), ['ready', 'ready']);
    });

    it('the apps come back at boot, before anybody logs in, and a stop leaves none of their processes', async () => {
      await lab.reboot();
      const processes = async (): Promise<string> => (await lab.run(['pgrep', '-u', 'alice', '-f', '/.runner/'])).stdout;
      await lab.waitFor('two workers', async () => (await processes()).split('\n').length === 3);
      await lab.waitFor('the app is up', async () => (await alice('systemctl --user is-active wsgi-app@shop')).code === 0);
      await good('wsgictl --user stop shop');
      assert.equal(await processes(), '');
    });

    it('remove leaves nothing but the folders', async () => {
      await good('wsgictl --user remove shop');
      assert.equal(await good('find ~/.config ~/.local/state -name "*shop*"'), '');
      assert.equal(await good('systemctl --user list-units --all --plain --no-legend "wsgi-*shop*"'), '');
    });
  });
}
