// What those who asked for all this would do with it, from import to logrotate.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { truncated } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { environAt, serve } from './front.js';
import { lossless } from './rolls.js';
import { deployStory, keptByWsgictl, prepareStory, STORY_APPS, storyLoad, tellStory, type Keeper } from './story.js';
import { LONG, whole } from './whole.js';

const SECONDS = LONG ? 180 : 25;
/** Of two reloads of Apache within a second. */
const PAIRS = LONG ? 50 : 4;

/** A slow upload; prints its status and the length that the app read. */
const UPLOAD = `curl -sS -u alice:secret --limit-rate 100k --data-binary @/tmp/upload -w ' %{http_code}\\n' http://127.0.0.1/shop/upload`;

for (const release of LONG ? RELEASES : []) {
  describe(`the story on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    let keeper: Keeper;
    before(async () => {
      lab = await Lab.boot(release);
      await prepareStory(lab, ['python3-lxml']);
      keeper = await keptByWsgictl(lab);
    });
    after(async () => lab.stop());

    it('each app has its own virtualenv, and knows who has logged in', async () => {
      for (const app of STORY_APPS) {
        const who = (await environAt(lab, `http://127.0.0.1/${app}/who`, '-u', 'alice:secret'))['prefix'];
        assert.equal(who, `/srv/${app}/venv`);
        const { wsgi } = (await environAt(lab, `http://127.0.0.1/${app}/env`, '-u', 'alice:secret')) as unknown as { wsgi: Record<string, string> };
        assert.deepEqual([wsgi['REMOTE_USER'], wsgi['SCRIPT_NAME']], ['alice', `/${app}`]);
      }
    });

    it('logrotate again and again, and deployments: nothing is lost, and logrotate changes no worker', async (t) => {
      const { reports, last, rotations, deployments, replaced, truncated: cut } = await tellStory(lab, keeper, SECONDS);
      const [shop, blog] = [reports.shop, reports.blog];
      t.diagnostic(
        `${release}: ${rotations} times logrotate, ${deployments} deployments, ${shop.requests + blog.requests} requests ` +
        `(${shop.slow + blog.slow} of 1 to 8 s), ${shop.failed + blog.failed} failed, ${cut.length} truncated files, ` +
        `${replaced} workers replaced by logrotate, longest gap ${Math.max(shop.longestGap, blog.longestGap)} ms`,
      );
      assert.deepEqual([...shop.failures, ...blog.failures].slice(0, 5), []);
      assert.deepEqual(cut, []);
      assert.equal(replaced, 0);
      for (const app of STORY_APPS) {
        assert.equal(reports[app].releases.at(-1)?.name, String(last[app]));
        await whole(lab, 3, 'at the end of the story', app);
      }
      const reloads = Number(await lab.sh("journalctl -u apache2 -o cat | grep -c '^Reloaded apache2'"));
      assert.ok(reloads >= rotations, `logrotate reloaded Apache ${reloads} times of ${rotations}`);
    });

    for (const mpm of ['prefork', 'event'] as const) {
      it(`G4: ${mpm}: two reloads of Apache within a second, and a roll in between`, async (t) => {
        await serve(lab, mpm, keeper.site);
        await lab.sh('head -c 500000 /dev/zero >/tmp/upload');
        const load = storyLoad(lab, 'shop');
        await load.started();
        const before = await keeper.pids('shop');
        const upload = lab.sh(UPLOAD);
        for (let pair = 0; pair < PAIRS; pair++) {
          await lab.sh('apachectl graceful; sleep 0.5; apachectl graceful; sleep 1');
          if (pair === PAIRS / 2 - 1) {
            assert.deepEqual(await keeper.pids('shop'), before);
            await deployStory(lab, 'shop', mpm);
            await Promise.all([keeper.take('shop'), lab.sh('apachectl graceful; sleep 0.5; apachectl graceful')]);
          }
        }
        assert.equal(await upload, '500000 200\n');
        const report = await lossless(load);
        assert.deepEqual(await truncated(lab), []);
        t.diagnostic(`${release}, ${mpm}: ${2 * PAIRS + 2} graceful, ${report.requests} requests (${report.slow} of 1 to 8 s), ${report.failed} failed`);
      });
    }
  });
}
