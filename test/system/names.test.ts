// Names and paths that systemd reads in its own way: F1, F3. (F3's text alone is verify.test.ts.)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { appIni, configure, deploy, type IniOverrides } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { OLDEST, remains, whole } from './whole.js';
import { everyWho } from './who.js';

const QUICK: IniOverrides = { workers: { processes: 2 }, reload: { settle: '100ms' } };
const DASHED = 'my-shop';
const OTHER = 'my';

for (const release of OLDEST) {
  describe(`names on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      for (const app of [OTHER, DASHED]) {
        await deploy(lab, 1, { app, importDelay: 0 });
        await configure(lab, QUICK, app);
      }
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    /** The units of the other app: when and as what process each was started. */
    async function untouched(): Promise<string> {
      const units = await lab.sh(`systemctl show -p Id,ActiveEnterTimestampMonotonic,InvocationID,MainPID 'wsgi-app@${OTHER}.*' 'wsgi-worker-${OTHER}-*' 'wsgi-${OTHER}.slice'`);
      const files = await lab.sh(`cd /etc/systemd/system; ls -l --time-style=full-iso wsgi-worker-${OTHER}-*`);
      return [...units.split('\n\n').map((unit) => unit.trim()).sort(), files].join('\n\n');
    }

    async function backslashes(): Promise<string> {
      return lab.sh(`(systemctl list-units --all --plain --no-legend 'wsgi*'; systemctl list-unit-files --no-legend 'wsgi*'; find /etc/systemd/system -name 'wsgi*') | grep -F '\\' || true`);
    }

    it("F1: an app with a dash in its name, beside one that is called as its first half", async () => {
      for (const app of [OTHER, DASHED]) await whole(lab, 2, 'applied', app);
      let was = await untouched();
      assert.match(was, new RegExp(`wsgi-worker-${OTHER}-1@2\\.service`));
      const steps = [
        'systemctl restart wsgi-app@my-shop', 'systemctl reload wsgi-app@my-shop', 'wsgictl reload my-shop', 'wsgictl rollback my-shop',
        'systemctl stop wsgi-app@my-shop; systemctl start wsgi-app@my-shop', 'wsgictl stop my-shop; wsgictl start my-shop',
      ];
      for (const step of steps) {
        await lab.sh(step);
        await whole(lab, 2, step, DASHED);
        assert.equal(await untouched(), was, step);
      }
      await lab.reboot();
      for (const app of [OTHER, DASHED]) await whole(lab, 2, 'booted', app);
      assert.equal(await backslashes(), '');
      was = await untouched();
      await lab.sh('systemctl stop wsgi-app@my-shop');
      assert.deepEqual(await remains(lab, DASHED), []);
      assert.equal(await untouched(), was, 'stopped');
      await lab.sh('wsgictl start my-shop; wsgictl remove my-shop');
      assert.deepEqual(await remains(lab, DASHED), []);
      assert.equal(await lab.sh(`find /etc/systemd /etc/wsgictl /var/lib/wsgictl /run/wsgi -name '*my[:-]shop*'`), '');
      assert.equal(await untouched(), was, 'removed');
      await whole(lab, 2, 'the other', OTHER);
    });

    it('F1: the app with the short name removed, the one with the dash is untouched', async () => {
      await configure(lab, QUICK, DASHED);
      await lab.sh('wsgictl apply my-shop');
      const before = await whole(lab, 2, 'applied again', DASHED);
      await lab.sh('wsgictl reload my; wsgictl remove my');
      assert.deepEqual(await remains(lab, OTHER), []);
      assert.deepEqual((await whole(lab, 2, 'left', DASHED)).workers, before.workers);
    });

    it('what systemd would pass over in [service] is a fault with its line, and nothing is changed', async () => {
      const was = await whole(lab, 2, 'before', DASHED);
      await configure(lab, { ...QUICK, service: { MemoryMax: '1GBB', Nice: '5', ProtectNoSuchThing: 'yes', SetCredentialEncrypted: 'secret' } }, DASHED);
      const path = `/etc/wsgictl/apps.d/${DASHED}.ini`;
      for (const command of ['apply', 'check']) {
        const { code, stderr } = await lab.run(['wsgictl', command, DASHED]);
        assert.equal(code, 3, stderr);
        const said = stderr.split('\n').filter((line) => line.startsWith(path)).map((line) => line.replace(/:\d+: (.*): [^:]*$/, ': $1'));
        assert.deepEqual(said, ['MemoryMax', 'ProtectNoSuchThing', 'SetCredentialEncrypted'].map((name) => `${path}: systemd does not take this ${name}`), stderr);
        assert.doesNotMatch(stderr, /secret/);
      }
      assert.deepEqual((await whole(lab, 2, 'refused', DASHED)).workers, was.workers);
      await configure(lab, { ...QUICK, service: { MemoryMax: '1G', Nice: '5' } }, DASHED);
      await lab.sh(`wsgictl apply ${DASHED}`);
      await whole(lab, 2, 'mended', DASHED);
    });

    it('F3: percent, spaces, quotes and a backslash in paths and texts arrive as they are', async () => {
      const [directory, venv, script] = ['/srv/EPS%3AHello World/app', '/srv/v env%i', "/srv/it's/app.wsgi"];
      await lab.write(script, readFileSync(new URL('../../../test/lab/fixture-app.py', import.meta.url), 'utf8'));
      await lab.write("/srv/it's/release.json", '{"release": "odd", "importDelay": 0, "broken": null, "brokenWorker": null}');
      await lab.sh('mkdir -p "$DIRECTORY"; python3 -m venv --system-site-packages --without-pip "$VENV"', { env: { DIRECTORY: directory, VENV: venv } });
      const ini = appIni('odd', { ...QUICK, app: { module: null, script, directory, virtualenv: venv, user: 'deploy', description: 'with %n "x" \\' } });
      await lab.write('/etc/wsgictl/apps.d/odd.ini', ini, 0o644);
      await lab.sh('wsgictl apply odd');
      await whole(lab, 2, 'odd', 'odd');
      for (const { cwd, prefix, file } of await everyWho(lab, 2, { socket: '/run/wsgi/odd.sock' })) {
        assert.deepEqual({ cwd, prefix, file }, { cwd: directory, prefix: venv, file: script });
      }
      const unit = 'wsgi-worker-odd-1@1.service';
      assert.equal(await lab.sh(`systemctl show -P Description ${unit}`), 'with %n "x" \\ (worker 1 of generation 1)\n');
      const { stdout, stderr } = await lab.run(['systemd-analyze', 'verify', '/etc/systemd/system/wsgi-worker-odd-1@.service']);
      assert.equal(stdout + stderr, '');
      await lab.sh('wsgictl reload odd');
      await whole(lab, 2, 'odd, reloaded', 'odd');
    });
  });
}
