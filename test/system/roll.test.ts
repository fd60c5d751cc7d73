// Reloads one after the other while clients never stop: 6.1, C3.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { configure, deploy, truncated } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { startLoad, type LoadOptions } from '../lab/load.js';
import { lossless } from './rolls.js';
import { dealt, LONG, whole } from './whole.js';

const PROCESSES = 4;
/** Seconds. */
const [IMPORT, SETTLE, SLOW] = LONG ? [1, 1, 5] : [0.3, 0.5, 2];
const RELOADS = LONG ? 20 : 2;
/** Between two requests of a client: the short run is for machines that have other things to do. */
const PAUSE = LONG ? 50 : 60;

interface Variant {
  readonly threads: number;
  readonly surge: string;
  /** How many times workers are started and waited for: the canary, then the others one by one or all at once. */
  readonly batches: number;
}

const VARIANTS: readonly Variant[] = [
  { threads: 1, surge: '1', batches: PROCESSES },
  { threads: 4, surge: '100%', batches: 2 },
  { threads: 1, surge: '100%', batches: 2 },
  { threads: 4, surge: '1', batches: PROCESSES },
];

/** When a reload was asked for and when its command ended, in ms since the epoch, and the release that it brought. */
interface Reload {
  readonly release: string;
  readonly began: number;
  readonly ended: number;
}

for (const release of RELEASES) {
  describe(`reloads under load on ${release}`, { timeout: 3_600_000 }, () => {
    let lab: Lab;
    let deployed = 0;
    before(async () => {
      lab = await Lab.boot(release);
      await deploy(lab, ++deployed, { importDelay: IMPORT });
    });
    after(async () => lab.stop());

    async function applied({ threads, surge }: Variant): Promise<void> {
      await configure(lab, { workers: { processes: PROCESSES, threads }, reload: { 'max-surge': surge, settle: `${SETTLE}s` } });
      await lab.sh('wsgictl apply', { timeout: 120_000 });
    }

    /** In turn by systemctl, which always rolls, and by wsgictl, which sees that the release moved. */
    async function reload(number: number): Promise<Reload> {
      await deploy(lab, ++deployed, { importDelay: IMPORT });
      const began = Date.now();
      await lab.sh(number % 2 === 0 ? 'systemctl reload wsgi-app.target' : 'wsgictl apply', { timeout: 120_000 });
      const ended = Date.now();
      const answers = await lab.sh('for _ in {1..20}; do curl -sS --unix-socket /run/wsgi/shop.sock -D - -o /dev/null http://localhost/fast | grep X-Release; done | sort -u');
      assert.equal(answers.trim(), `X-Release: ${deployed}`, 'old code after the reload');
      return { release: String(deployed), began, ended };
    }

    async function reloadUnder(t: TestContext, variant: Variant, loads: readonly LoadOptions[], count: number): Promise<void> {
      await applied(variant);
      const clients = loads.map((load) => startLoad(lab, { ...load, maxMs: 3_000_000 }));
      for (const load of clients) await load.started();
      const reloads: Reload[] = [];
      for (let number = 0; number < count; number++) {
        reloads.push(await reload(number));
        await whole(lab, PROCESSES, `reload ${number}`);
      }
      const took = reloads.map(({ began, ended }) => ended - began);
      const batch = (IMPORT + SETTLE) * 1000;
      const floor = variant.batches * batch;
      for (const load of clients) {
        const report = await lossless(load);
        const first = reloads.map((one) => (report.releases.find(({ name }) => name === one.release)?.first ?? NaN) - one.began);
        t.diagnostic(
          `${release}: ${count} reloads, ${report.requests} requests (${report.slow} slow), ${report.failed} failed, ` +
          `longest gap ${report.longestGap} ms (p99 ${report.p99} ms, clients held up ${report.stall} ms), ` +
          `first new reply after ${spread(first)} (floor ${seconds(batch)}), end after ${spread(took)} (floor ${seconds(floor)} and the drain)`,
        );
        // Faster than can be: something was not waited for.
        for (const ms of first) assert.ok(ms >= batch, `the first new reply after ${ms} ms`);
      }
      for (const ms of took) assert.ok(ms >= floor, `the end after ${ms} ms`);
      assert.deepEqual(await truncated(lab), []);
    }

    for (const variant of dealt(LONG ? VARIANTS : VARIANTS.slice(0, 2), release)) {
      it(`6.1: threads ${variant.threads}, max-surge ${variant.surge}: nothing is lost`, async (t) => {
        const writers = variant.threads === 1 ? 2 : 4;
        await reloadUnder(t, variant, [{ fast: 16, pauseMs: PAUSE, slow: [{ path: `/file?${SLOW}`, clients: writers }] }], RELOADS);
      });
    }

    it('6.1, C3: clients that would keep their connection, a request every 50 ms and every 1.9 s', async (t) => {
      const loads = [50, 1900].map((pauseMs) => ({ fast: 0, keepAlive: { clients: 8, pauseMs } }));
      await reloadUnder(t, VARIANTS[1] as Variant, loads, LONG ? 10 : 2);
    });
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `2.1 to 2.9 s`, of milliseconds. */
function spread(times: readonly number[]): string {
  return `${(Math.min(...times) / 1000).toFixed(1)} to ${seconds(Math.max(...times))}`;
}
