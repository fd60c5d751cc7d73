// A roll that is ended by SIGKILL at each of its steps: what serves then, and what brings it in order. B11, 6.4.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { l16, startLoad, type Load } from '../lab/load.js';
import { LONG, NEWEST, statusOf, whole } from './whole.js';

interface Place {
  readonly name: string;
  /** The call of node's fs at which it dies; with `when`, before it or after it. */
  readonly call: 'openSync' | 'mkdirSync' | 'renameSync' | 'writeSync' | 'rmSync';
  readonly when: 'before' | 'after';
  /** Of a path, a flag or a line of the roll's log. `current` is the generation that serves, `next` the one to come. */
  readonly pattern: (current: number, next: number) => string;
  /** Whether the new generation is the current one by then. */
  readonly committed?: boolean;
}

const worker = (generation: number, index: number | '.', phase: string): string => `shop-${generation}@${index}\\.service","phase":"${phase}"`;

const PLACES: readonly Place[] = [
  { name: 'its number is taken', call: 'openSync', when: 'after', pattern: () => '^ax$' },
  { name: 'it has begun', call: 'writeSync', when: 'after', pattern: () => '"kind":"begin"' },
  { name: 'its generation has a number', call: 'mkdirSync', when: 'after', pattern: (_, next) => `/generations/${next}$` },
  { name: 'the record of its generation is half written', call: 'renameSync', when: 'after', pattern: (_, next) => `/generations/${next}/unit\\.service$` },
  { name: 'its unit is written', call: 'renameSync', when: 'after', pattern: (_, next) => `/wsgi-worker-shop-${next}@\\.service$` },
  { name: 'its canary starts', call: 'writeSync', when: 'after', pattern: (_, next) => worker(next, 1, 'starting') },
  { name: 'its canary is ready', call: 'writeSync', when: 'after', pattern: (_, next) => worker(next, 1, 'ready') },
  { name: 'a first old worker leaves', call: 'writeSync', when: 'after', pattern: (current) => worker(current, '.', 'leaving') },
  { name: 'its second batch starts', call: 'writeSync', when: 'after', pattern: (_, next) => worker(next, 2, 'starting') },
  { name: 'all are available', call: 'renameSync', when: 'before', pattern: () => '/current\\.tmp$' },
  { name: 'it is committed, which nobody knows', call: 'renameSync', when: 'after', pattern: () => '/current\\.tmp$', committed: true },
  { name: 'it has committed', call: 'writeSync', when: 'after', pattern: () => '"kind":"commit"', committed: true },
  { name: 'the last old worker leaves', call: 'writeSync', when: 'after', pattern: () => 'old workers? to finish', committed: true },
  { name: 'its end is to be written', call: 'writeSync', when: 'before', pattern: () => '"kind":"end"', committed: true },
];

const APPLY = ['apply', ['wsgictl', 'apply']] as const;
const RELOAD = ['reload', ['systemctl', 'reload', 'wsgi-app@shop']] as const;

/** Five of them in the short run. */
const CHOSEN = LONG ? PLACES : [0, 4, 6, 8, 10].map((at) => PLACES[at] as Place);
const PROCESSES = LONG ? 4 : 2;
const IMPORT = LONG ? 1 : 0.1;

for (const release of NEWEST) {
  describe(`B11: a killed roll on ${release}`, { timeout: 7_200_000 }, () => {
    let lab: Lab;
    let deployed = 0;
    let current = 0;

    before(async () => {
      lab = await Lab.boot(release);
      await lab.write('/usr/local/lib/kill-at.cjs', readFileSync(new URL('../../../test/system/kill-at.cjs', import.meta.url), 'utf8'));
      await lab.write('/etc/systemd/system/wsgi-app@.service.d/kill.conf', '[Service]\nEnvironment="NODE_OPTIONS=--require /usr/local/lib/kill-at.cjs"\n');
      await configure(lab, { workers: { processes: PROCESSES }, ...(LONG ? {} : { reload: { settle: '100ms' } }) });
      await deploy(lab, ++deployed, { importDelay: IMPORT });
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply']);
      assert.equal(code, 0, stdout + stderr);
      await mended('the first apply');
    });
    after(async () => lab.stop());

    async function mended(when: string): Promise<void> {
      const { generation } = await whole(lab, PROCESSES, when);
      current = generation as number;
    }

    /** A roll that dies at the place, to a new release or to the same once more. */
    async function kill(place: Place, moved = true): Promise<void> {
      const seen = (await lab.sh('ls /var/lib/wsgictl/shop/generations')).split('\n').map(Number);
      const pattern = place.pattern(current, Math.max(...seen) + 1);
      await lab.write('/run/kill-at', JSON.stringify({ call: place.call, when: place.when, pattern }));
      if (moved) await deploy(lab, ++deployed, { importDelay: IMPORT });
      const rolled = await lab.run(['systemctl', 'reload', 'wsgi-app@shop']);
      assert.notEqual(rolled.code, 0, `${place.name}: nothing died`);
      assert.equal((await lab.sh('systemctl show -P Result wsgi-app@shop; systemctl is-active wsgi-app@shop')).replace(/^success\n/, ''), 'active\n');
      const status = await statusOf(lab);
      assert.equal(status.generation === current, !place.committed, place.name);
      assert.equal(status.code, 1, place.name);
      assert.match(status.notes.join('\n'), /a roll was cut off and is unfinished: wsgictl reload shop/);
    }

    /** Clients that ask all the time, and must not lose a request. */
    function clients(): Load {
      return startLoad(lab, LONG ? l16(2) : { fast: 4, pauseMs: 40, slow: [{ path: '/file?1', clients: 1 }] });
    }

    async function lossless(load: Load): Promise<number> {
      const { requests, failed, failures } = await load.stop();
      assert.equal(failed, 0, JSON.stringify(failures.slice(0, 5)));
      return requests;
    }

    const newest = async (): Promise<string> => (await lab.sh('curl -s --unix-socket /run/wsgi/shop.sock -o /dev/null -D - http://localhost/fast | sed -n "s/^X-Release: //p"')).trim();

    for (const [how, command] of LONG ? [APPLY, RELOAD] : [APPLY]) {
      it(`B11, 6.4: killed under load, then ${how}`, async (t) => {
        const load = clients();
        for (const place of CHOSEN) {
          // Where the release is the same, apply has nothing to do but to finish the roll.
          const moved = CHOSEN.indexOf(place) % 2 === (how === 'apply' ? 0 : 1);
          const when = `${place.name}, ${moved ? 'a new' : 'the same'} release, then ${how}`;
          await kill(place, moved);
          const { code, stdout, stderr } = await lab.run(command, { timeout: 90_000 });
          assert.equal(code, 0, `${when}: ${stdout}${stderr}`);
          await mended(when);
          assert.equal(await newest(), String(deployed), when);
        }
        t.diagnostic(`${release}: ${await lossless(load)} requests, 0 failed`);
      });
    }

    it('B11, 6.4: killed, then nothing: both generations serve, and status says what to do; then a reload', async (t) => {
      for (const place of LONG ? CHOSEN : CHOSEN.slice(3, 4)) {
        const load = clients();
        await kill(place);
        // Five minutes of each are an afternoon: five minutes of one, and some seconds of the others.
        await new Promise((resolve) => setTimeout(resolve, !LONG ? 2_000 : place === CHOSEN[8] ? 300_000 : 10_000));
        const { code, notes, workers } = await statusOf(lab);
        assert.equal(code, 1);
        assert.match(notes.join('\n'), /unfinished: wsgictl reload shop/);
        assert.ok(workers.filter(({ phase }) => phase === 'ready').length >= PROCESSES, JSON.stringify(workers));
        t.diagnostic(`${release}, ${place.name}: ${await lossless(load)} requests, 0 failed`);
        await lab.sh(RELOAD[1].join(' '));
        await mended(`${place.name}, then nothing, then a reload`);
      }
    });

    it('B11: a start that is killed is tried again; a scaling that is killed is done by the next apply', async () => {
      const order = (pattern: string): Promise<void> => lab.write('/run/kill-at', JSON.stringify({ call: 'writeSync', when: 'after', pattern }));
      await lab.sh('wsgictl stop shop');
      await order(worker(current, 1, 'ready'));
      await lab.sh('systemctl start --no-block wsgi-app@shop');
      await lab.waitFor('it has died', async () => !(await lab.exists('/run/kill-at')));
      await lab.waitFor('it has started', async () => (await statusOf(lab)).active === 'active', 60_000);
      await mended('a killed start');

      const load = clients();
      for (const [from, to] of [[PROCESSES, PROCESSES + 1], [PROCESSES + 1, PROCESSES]] as const) {
        await order(worker(current, PROCESSES + 1, from < to ? 'starting' : 'leaving'));
        await configure(lab, { workers: { processes: to }, ...(LONG ? {} : { reload: { settle: '100ms' } }) });
        assert.notEqual((await lab.run(['wsgictl', 'apply'])).code, 0, 'nothing died');
        await lab.sh('wsgictl apply');
        await whole(lab, to, `${from} to ${to} workers`);
      }
      await lossless(load);
    });

    it('a SIGTERM of a roll that nobody stops is its failure: it is undone; a start is tried again', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      const inImport = `until systemctl show -P ActiveState 'wsgi-worker-shop-*@1.service' | grep -qx activating; do sleep 0.05; done
        systemctl kill -s TERM wsgi-app@shop`;
      await deploy(lab, ++deployed, { importDelay: 2 });
      const rolling = lab.run(['systemctl', 'reload', 'wsgi-app@shop']);
      await lab.sh(inImport);
      assert.equal((await rolling).code, 1);
      const { code, generation, workers, notes } = await statusOf(lab);
      assert.deepEqual([code, generation, workers.map((one) => [one.generation, one.phase])], [1, current, Array.from({ length: PROCESSES }, () => [current, 'ready'])]);
      assert.match(notes.join('\n'), /the last roll failed: the roll was told to end \(SIGTERM\), and nobody stops the app/);
      await deploy(lab, deployed, { importDelay: IMPORT });
      await lab.sh('wsgictl apply');
      await mended('applied');

      await deploy(lab, deployed, { importDelay: 2 });
      await lab.sh('wsgictl stop shop');
      const starting = lab.run(['systemctl', 'start', 'wsgi-app@shop']);
      await lab.sh(inImport);
      assert.equal((await starting).code, 1);
      await lab.waitFor('it has started', async () => (await statusOf(lab)).active === 'active', 60_000);
      await mended('a start');
    });

    it('a cleaning that fails decides nothing', async () => {
      const file = `/etc/systemd/system/wsgi-worker-shop-${current}@.service`;
      await deploy(lab, deployed, { importDelay: IMPORT });
      await lab.sh(`mount --bind ${file} ${file}`); // busy
      await lab.sh('systemctl reload wsgi-app@shop');
      assert.match(await lab.journal(['-u', 'wsgi-app@shop', '-n', '10']), /shop: done: generation \d+ serves \S+\n.*shop: not all is cleaned up, which the next roll does: .*(EBUSY|busy|in use)/);
      assert.equal((await statusOf(lab)).code, 0);
      await lab.sh(`umount ${file}; systemctl reload wsgi-app@shop`);
      await mended('cleaned up');
    });

    it('B11, 6.4: killed, then a power cut', async () => {
      for (const place of LONG ? CHOSEN : [CHOSEN[4] as Place]) {
        await kill(place);
        const committed = place.committed === true;
        await lab.powerCut();
        await lab.reboot();
        await mended(`${place.name}, then a power cut`);
        assert.equal(await newest(), String(committed ? deployed : deployed - 1), place.name);
        await lab.sh('wsgictl apply');
        await mended(place.name);
      }
    });
  });
}
