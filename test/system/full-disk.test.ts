// No space where wsgictl keeps what it knows: nothing is lost, it is said as it is, and room is all that it takes to go on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { lossless } from './rolls.js';
import { NEWEST, statusOf, whole } from './whole.js';

/** So many that the log of a roll is longer than the page of 4096 bytes that it has when the disk is full. */
const PROCESSES = 10;
const STATE = '/var/lib/wsgictl';
const UNITS = '/etc/systemd/system';

const fill = (folder: string): string => `cat /dev/zero >${folder}/fill 2>/dev/null || true`;

for (const release of NEWEST) {
  describe(`a full disk on ${release}`, { timeout: 300_000 }, () => {
    let lab: Lab;
    let deployed = 1;
    const settings = (extra: string): Parameters<typeof configure>[1] => ({
      workers: { processes: PROCESSES }, reload: { settle: '100ms', 'max-surge': '100%' }, environment: { EXTRA: extra },
    });

    before(async () => {
      lab = await Lab.boot(release);
      await lab.sh(`mkdir -p ${STATE}; mount -t tmpfs -o size=2M tmpfs ${STATE}`);
      await configure(lab, settings('little'));
      await deploy(lab, deployed, { importDelay: 0 });
      await lab.sh('wsgictl apply', { timeout: 60_000 });
    });
    after(async () => lab.stop());

    /** With room again, one more apply is all that is needed. */
    async function withRoom(folder: string): Promise<void> {
      await lab.sh(`rm ${folder}/fill; wsgictl apply`, { timeout: 60_000 });
      const { generation } = await whole(lab, PROCESSES, 'with room again');
      assert.match(await lab.sh('curl -s --unix-socket /run/wsgi/shop.sock -D - -o /dev/null http://localhost/fast'), new RegExp(`X-Release: ${deployed}\\b`));
      await lab.sh(`cmp ${UNITS}/wsgi-worker-shop-${generation}@.service ${STATE}/shop/generations/${generation}/unit.service`);
    }

    it('before a roll: it begins nothing', async () => {
      const load = startLoad(lab, { fast: 4, pauseMs: 40 });
      await load.started();
      await deploy(lab, ++deployed, { importDelay: 0 });
      await lab.sh(fill(STATE));
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply']);
      assert.equal(code, 1, stdout + stderr);
      assert.match(stdout + stderr, /no space is left on the disk/);
      assert.doesNotMatch(stdout + stderr, /bug/);
      assert.equal((await statusOf(lab)).generation, 1);
      await withRoom(STATE);
      await lossless(load);
    });

    it('in the middle of a roll: it goes on, and status can be asked', async () => {
      const load = startLoad(lab, { fast: 4, pauseMs: 40 });
      await load.started();
      await deploy(lab, ++deployed, { importDelay: 2 });
      const rolled = lab.run(['systemctl', 'reload', 'wsgi-app@shop'], { timeout: 60_000 });
      await lab.waitFor('the canary starts', async () => (await lab.run(['systemctl', 'is-active', 'wsgi-worker-shop-*@1.service'])).stdout.includes('activating'));
      await lab.sh(fill(STATE));
      assert.equal((await rolled).code, 0);
      await statusOf(lab);
      await withRoom(STATE);
      await lossless(load);
    });

    it('where units are, with room for a part of one: no worker is started from that part', async () => {
      await lab.sh(`cp -a ${UNITS} /srv/units; mount -t tmpfs -o size=1M tmpfs ${UNITS}; cp -a /srv/units/. ${UNITS}; systemctl daemon-reload`);
      await configure(lab, settings('x'.repeat(4000)));
      await lab.sh('wsgictl apply', { timeout: 60_000 });
      const { generation } = await whole(lab, PROCESSES, 'with a unit of more than a page');
      await deploy(lab, ++deployed, { importDelay: 0 });
      await lab.sh(`${fill(UNITS)}; truncate -s -4096 ${UNITS}/fill`);
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply'], { timeout: 60_000 });
      assert.equal(code, 1, stdout + stderr);
      assert.match(stdout + stderr, /no space is left on the disk/);
      assert.equal((await statusOf(lab)).generation, generation);
      assert.equal(await lab.sh(`find ${UNITS} -name '*.tmp'`), '');
      await withRoom(UNITS);
    });
  });
}
