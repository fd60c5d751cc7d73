// What those who asked for all this would do with it, from import to logrotate.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab, RELEASES } from '../lab/lab.js';
import { environAt } from './front.js';
import { keptByWsgictl, prepareStory, STORY_APPS, tellStory, type Keeper } from './story.js';
import { LONG, whole } from './whole.js';

const SECONDS = LONG ? 180 : 25;

for (const release of RELEASES) {
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
      const { reports, last, rotations, deployments, replaced, truncated } = await tellStory(lab, keeper, SECONDS);
      const [shop, blog] = [reports.shop, reports.blog];
      t.diagnostic(
        `${release}: ${rotations} times logrotate, ${deployments} deployments, ${shop.requests + blog.requests} requests ` +
        `(${shop.slow + blog.slow} of 1 to 8 s), ${shop.failed + blog.failed} failed, ${truncated.length} truncated files, ` +
        `${replaced} workers replaced by logrotate, longest gap ${Math.max(shop.longestGap, blog.longestGap)} ms`,
      );
      assert.deepEqual([...shop.failures, ...blog.failures].slice(0, 5), []);
      assert.deepEqual(truncated, []);
      assert.equal(replaced, 0);
      for (const app of STORY_APPS) {
        assert.equal(reports[app].releases.at(-1)?.name, String(last[app]));
        await whole(lab, 3, 'at the end of the story', app);
      }
      const reloads = Number(await lab.sh("journalctl -u apache2 -o cat | grep -c '^Reloaded apache2'"));
      assert.ok(reloads >= rotations, `logrotate reloaded Apache ${reloads} times of ${rotations}`);
    });
  });
}
