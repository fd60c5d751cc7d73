// What people import, at work in the sandbox: Debian's Django, lxml, numpy, psycopg2, Pillow, cryptography, matplotlib.
// Only in the long run: it downloads a hundred packages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configure, deploy } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { installPackages } from '../lab/packages.js';
import { LONG } from './whole.js';

const APP = fileURLToPath(new URL('../../../test/system/libraries-app.py', import.meta.url));
const PACKAGES = ['lxml', 'numpy', 'psycopg2', 'pil', 'cryptography', 'matplotlib'].map((name) => `python3-${name}`);
/** What strict is there to refuse. */
const REFUSED = ['setgid folder', 'script in /tmp'];

for (const release of LONG ? RELEASES : []) {
  describe(`libraries in the sandbox on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await installPackages(lab, PACKAGES);
      await deploy(lab, 1, { importDelay: 0 });
      await lab.write('/srv/shop/releases/1/libraries.py', readFileSync(APP, 'utf8'), 0o644);
    });
    after(async () => lab.stop());

    for (const sandbox of ['default', 'strict']) {
      it(`all of them work in ${sandbox}`, async () => {
        await configure(lab, {
          app: { module: 'libraries', sandbox }, workers: { processes: 2 }, reload: { settle: '100ms', 'ready-timeout': '120s' }, health: { 'warm-up': null },
          service: sandbox === 'strict' ? { ReadWritePaths: '/srv/shop/files' } : {},
        });
        await lab.sh('wsgictl apply', { timeout: 180_000 });
        const said = JSON.parse(await lab.sh('curl -s --max-time 100 --unix-socket /run/wsgi/shop.sock http://localhost/', { timeout: 120_000 })) as Record<string, string>;
        assert.ok(Object.keys(said).length > 20, JSON.stringify(said));
        const failed = Object.entries(said).filter(([, outcome]) => outcome !== 'ok');
        const unexpected = failed.filter(([name]) => sandbox === 'default' || !REFUSED.includes(name));
        assert.deepEqual(unexpected, []);
        assert.equal(failed.length, sandbox === 'default' ? 0 : REFUSED.length, JSON.stringify(failed));
      });
    }
  });
}
