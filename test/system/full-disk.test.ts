// No space where wsgictl keeps what it knows: nothing is lost, it is said as it is, and room is all that it takes to go on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { lossless } from './rolls.js';
import { NEWEST, statusOf, whole } from './whole.js';

const FILL = 'cat /dev/zero >/var/lib/wsgictl/fill 2>/dev/null || true';
const ROOM = 'rm /var/lib/wsgictl/fill';

for (const release of NEWEST) {
  describe(`a full disk on ${release}`, { timeout: 300_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await lab.sh('mkdir -p /var/lib/wsgictl; mount -t tmpfs -o size=2M tmpfs /var/lib/wsgictl');
      await configure(lab, { workers: { processes: 2 }, reload: { settle: '100ms' } });
      await deploy(lab, 1, { importDelay: 0 });
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    it('before a roll: it begins nothing', async () => {
      const load = startLoad(lab, { fast: 4, pauseMs: 40 });
      await load.started();
      await deploy(lab, 2, { importDelay: 0 });
      await lab.sh(FILL);
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply']);
      assert.equal(code, 1, stdout + stderr);
      assert.match(stdout + stderr, /no space is left on the disk/);
      assert.doesNotMatch(stdout + stderr, /bug/);
      assert.equal((await statusOf(lab)).generation, 1);
      await lab.sh(`${ROOM}; wsgictl apply`);
      await whole(lab, 2, 'with room again');
      await lossless(load);
    });

    it('in the middle of a roll: status can be asked, and the next apply makes it whole', async () => {
      const load = startLoad(lab, { fast: 4, pauseMs: 40 });
      await load.started();
      await deploy(lab, 3, { importDelay: 2 });
      const rolled = lab.run(['systemctl', 'reload', 'wsgi-app@shop']);
      await lab.waitFor('the canary starts', async () => (await lab.run(['systemctl', 'is-active', 'wsgi-worker-shop-*@1.service'])).stdout.includes('activating'));
      await lab.sh(FILL);
      await rolled;
      await statusOf(lab);
      await lab.sh(`${ROOM}; wsgictl apply`);
      await whole(lab, 2, 'with room again');
      assert.match(await lab.sh('curl -s --unix-socket /run/wsgi/shop.sock -D - -o /dev/null http://localhost/fast'), /X-Release: 3/);
      await lossless(load);
    });
  });
}
