// The story of test/system/story.ts under mod_wsgi and under wsgictl, one after the other in labs of one kind:
// `node test/bench/story.mjs [bookworm|trixie] [SECONDS]` after a build, as root. Prints a table, asserts nothing.
import { Lab } from '../../.build/test/lab/lab.js';
import { keptByModWsgi, keptByWsgictl, prepareStory, tellStory } from '../../.build/test/system/story.js';

const release = process.argv[2] ?? 'bookworm';
const seconds = Number(process.argv[3] ?? 180);
/** Of mod_wsgi, each logrotate restarts the processes: more often, and it would hardly answer at all. */
const PAUSE_MS = 10_000;

async function told(keep) {
  const lab = await Lab.boot(release);
  try {
    await prepareStory(lab, ['python3-lxml', 'libapache2-mod-wsgi-py3']);
    return await tellStory(lab, await keep(lab), seconds, PAUSE_MS);
  } finally {
    await lab.stop();
  }
}

const sum = ({ shop, blog }, of) => of(shop) + of(blog);
const ROWS = [
  ['seconds of load', ({ reports }) => Math.round(Math.max(reports.shop.seconds, reports.blog.seconds))],
  ['logrotate, deployments', ({ rotations, deployments }) => `${rotations}, ${deployments}`],
  ['requests', ({ reports }) => sum(reports, (one) => one.requests)],
  ['failed requests', ({ reports }) => sum(reports, (one) => one.failed)],
  ['truncated files', ({ truncated }) => truncated.length],
  ['processes replaced by logrotate alone', ({ replaced }) => replaced],
  ['longest time without an answer', ({ reports }) => `${(Math.max(reports.shop.longestGap, reports.blog.longestGap) / 1000).toFixed(1)} s`],
];

const columns = [await told(keptByModWsgi), await told(keptByWsgictl)];
console.log(`| ${release} | mod_wsgi | wsgictl |\n| --- | --- | --- |`);
for (const [name, value] of ROWS) console.log(`| ${name} | ${columns.map(value).join(' | ')} |`);
