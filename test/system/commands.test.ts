// What the commands promise: apply and its plan, remove, rollback, --no-wait, status. Of issue 6.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy, truncated, type IniOverrides } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { LONG, OLDEST, remains, statusOf, whole } from './whole.js';
import { everyWho } from './who.js';

const QUICK: IniOverrides = { workers: { processes: 2 }, reload: { settle: '100ms' }, health: { 'warm-up': null } };
/** Whatever an apply could change: files with their times, links, what systemd has loaded and when, processes. */
const ALL_THERE_IS = `
  find /etc/systemd/system /etc/wsgictl /var/lib/wsgictl /run/wsgi -printf '%p %l %y %i %T@\\n' | sort
  systemctl list-units --all --plain --no-legend 'wsgi*' | sort
  systemctl show -P UnitsLoadTimestampMonotonic
  systemctl show -p Id,MainPID 'wsgi-worker*'`;

for (const release of OLDEST) {
  describe(`commands on ${release}`, { timeout: 1_200_000 }, () => {
    let lab: Lab;
    let deployed = 0;
    before(async () => {
      lab = await Lab.boot(release);
      await next();
      await configure(lab, QUICK);
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    const wsgictl = (...words: string[]): Promise<Result> => lab.run(['wsgictl', ...words]);
    const next = (): Promise<void> => deploy(lab, ++deployed, { importDelay: 0 });

    async function done(...words: string[]): Promise<string> {
      const { code, stdout, stderr } = await wsgictl(...words);
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    }

    /** How often systemd has read its units again since it booted. */
    async function daemonReloads(): Promise<number> {
      return (await lab.journal(['_PID=1', '-b'])).split('\n').filter((line) => /^Reloading\.(\.\.)?$/.test(line)).length;
    }

    it('apply changes nothing where nothing is to do, and says so', async () => {
      const was = await lab.sh(ALL_THERE_IS);
      assert.equal(await done('apply'), 'nothing to do\nif its code changed in place: wsgictl reload shop\n');
      assert.equal(await lab.sh(ALL_THERE_IS), was);
    });

    it('apply --dry-run says what is new, changed and gone, and changes nothing', async () => {
      await configure(lab, QUICK, 'old');
      await deploy(lab, 1, { app: 'old', importDelay: 0 });
      await done('apply', 'old');
      await lab.sh('rm /etc/wsgictl/apps.d/old.ini');
      await configure(lab, { ...QUICK, app: { directory: '/srv/shop/current' } }, 'fresh');
      await configure(lab, { ...QUICK, workers: { processes: 3, threads: 2 }, socket: { listen: '/run/other.sock' } });
      await next();
      const was = await lab.sh(ALL_THERE_IS);
      const plan = await done('apply', '--dry-run');
      for (const said of [
        /^fresh: new$/m, /^old: removed, since \/etc\/wsgictl\/apps.d\/old.ini is gone$/m, /^shop: changed: 2 -> 3 workers$/m,
        /^ +the release moved: \/srv\/shop\/releases\/1 -> \/srv\/shop\/releases\/2$/m, /^ +- .*--threads=1/m, /^ +\+ .*--threads=2/m,
        /^ +the socket moves: \/run\/wsgi\/shop\.sock -> \/run\/other\.sock/m,
      ]) assert.match(plan, said);
      assert.equal(await lab.sh(ALL_THERE_IS), was);
      await lab.sh('rm /etc/wsgictl/apps.d/fresh.ini');
      await configure(lab, QUICK);
    });

    it('an app whose INI file is gone is removed, with one daemon-reload; its neighbour is left alone', async () => {
      const was = await daemonReloads();
      await done('apply', 'old');
      assert.equal(await daemonReloads(), was + 1);
      await nothingLeft('old');
      await done('apply');
      await whole(lab, 2, 'the neighbour');
    });

    async function nothingLeft(app: string): Promise<void> {
      assert.deepEqual(await remains(lab, app), []);
      const files = await lab.sh('(find /etc/systemd /etc/wsgictl /var/lib/wsgictl /run -name "*$APP*" 2>/dev/null || true) | sort', { env: { APP: app } });
      assert.equal(files, '');
      assert.equal((await lab.sh(`systemctl list-units --all --plain --no-legend "*${app}*"`)).trim(), '');
    }

    it('remove: drained, and nothing of it is left', async () => {
      await configure(lab, { ...QUICK, socket: { listen: '127.0.0.1:8100' } }, 'guest');
      await deploy(lab, 1, { app: 'guest', importDelay: 0 });
      await done('apply', 'guest');
      const load = startLoad(lab, { port: 8100, fast: 0, slow: [{ path: '/file?1', clients: 1 }] });
      await load.started();
      const [, report] = await Promise.all([done('remove', 'guest'), load.stop()]);
      assert.deepEqual(report.failures, []);
      assert.deepEqual(await truncated(lab, 'guest'), []);
      await nothingLeft('guest');
      assert.match((await wsgictl('remove', 'guest')).stderr, /there is no app guest/);
      assert.equal(await done('apply'), 'nothing to do\nif its code changed in place: wsgictl reload shop\n');
    });

    it(`one faulty file of ${LONG ? 'ten' : 'four'}: exit code 3, the others are applied`, async () => {
      const apps = Array.from({ length: LONG ? 9 : 3 }, (_, at) => `many${at}`);
      for (const app of apps) {
        await configure(lab, { ...QUICK, app: { directory: '/srv/shop/current' }, workers: { processes: 1 } }, app);
      }
      await lab.write('/etc/wsgictl/apps.d/many2.ini', '[app]\nmodul = app\nuser = deploy\n', 0o644);
      const { code, stderr } = await wsgictl('apply');
      assert.equal(code, 3);
      assert.match(stderr, /^\/etc\/wsgictl\/apps\.d\/many2\.ini:2: .*did you mean/m);
      const states = JSON.parse((await wsgictl('status', '--json')).stdout) as { app: string; active: string; ready: number }[];
      assert.deepEqual(
        states.map(({ app, active, ready }) => `${app} ${active} ${ready}`),
        [...apps.map((app) => (app === 'many2' ? 'many2 inactive 0' : `${app} active 1`)), 'shop active 2'],
      );
      await lab.sh('rm /etc/wsgictl/apps.d/many*');
      await done('apply');
    });

    it('a stopped app stays stopped, and takes what was applied when it is started', async () => {
      await done('stop', 'shop');
      await next();
      assert.match(await done('apply'), /shop: is stopped and stays so; .*: wsgictl start shop/);
      assert.deepEqual(await remains(lab), []);
      await done('start', 'shop');
      await whole(lab, 2, 'started');
      for (const who of await everyWho(lab, 2)) assert.equal(who.release, String(deployed));
    });

    it('logs -f goes on with the workers of generations that come later, and with what systemd says of them', async () => {
      const follower = lab.spawn(['bash', '-c', 'timeout 60 wsgictl logs -f shop >/tmp/followed 2>&1']);
      const followed = async (): Promise<string> => (await lab.exists('/tmp/followed')) ? lab.read('/tmp/followed') : '';
      await lab.waitFor('it follows', async () => (await followed()) !== '');
      await next();
      await done('reload', 'shop');
      const { generation, workers } = await statusOf(lab);
      await next();
      await done('reload', 'shop');
      await lab.waitFor('the end of its workers', async () => {
        const text = await followed();
        return workers.every(({ pid }) => text.includes(`[${pid}]: wsgictl: drained`)) && new RegExp(`systemd\\[1\\]: .*wsgi-worker-shop-${generation}@1`).test(text);
      });
      follower.kill('SIGKILL');
    });

    it('only processes changed: no new generation; from and to one worker it is a roll', async () => {
      const { generation } = await statusOf(lab);
      for (const processes of [3, 2]) {
        await configure(lab, { ...QUICK, workers: { processes } });
        assert.match(await done('apply'), new RegExp(`^shop: changed: ${5 - processes} -> ${processes} workers$`, 'm'));
        assert.equal((await whole(lab, processes, 'scaled')).generation, generation);
      }
      for (const [at, processes] of [1, 2].entries()) {
        await configure(lab, { ...QUICK, workers: { processes } });
        await done('apply');
        assert.equal((await whole(lab, processes, 'rolled')).generation, (generation ?? 0) + 1 + at);
        for (const { multiprocess } of await everyWho(lab, processes)) assert.equal(multiprocess, processes > 1);
      }
    });

    it('rollback goes to the generation that served before, or to a given one, and refuses what there is not', async () => {
      const served = async (): Promise<string[]> => [...new Set((await everyWho(lab, 2)).map((who) => who.release))];
      const first = (await statusOf(lab)).generation as number;
      await next();
      await done('apply');
      await deploy(lab, 'bad', { importDelay: 0, broken: 'import' });
      assert.equal((await wsgictl('apply')).code, 4);
      await done('rollback', 'shop');
      assert.deepEqual(await served(), [String(deployed - 1)]);
      assert.match((await statusOf(lab)).notes.join('\n'), new RegExp(`rolled back to a copy of generation ${first}; its INI file and link say otherwise`));
      await done('rollback', 'shop', String(first + 1));
      assert.deepEqual(await served(), [String(deployed)]);
      await whole(lab, 2, 'rolled back');
      for (const [given, message] of [['99', /has no generation 99 to go back to/], ['one', /has no generation one to go back to/]] as const) {
        const refused = await wsgictl('rollback', 'shop', given);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, message);
      }
      await next();
      await done('apply');
      // What is refused must not happen later.
      await done('stop', 'shop');
      const refused = await wsgictl('rollback', 'shop');
      assert.deepEqual([refused.code, refused.stderr], [1, 'wsgictl: cannot roll back shop: it is not running\n    wsgictl start shop\n']);
      await done('start', 'shop');
      assert.deepEqual(await served(), [String(deployed)]);
    });

    it('a template that an administrator has changed is named as the reason', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      await lab.sh(`mkdir -p /etc/wsgictl/templates
        sed 's/^Type=notify/Type=notify\\nNice=3/' /usr/lib/wsgictl/templates/wsgi-worker@.service.hbs >/etc/wsgictl/templates/wsgi-worker@.service.hbs`);
      assert.match(await done('apply', '--dry-run'), /^ +the template changed: \/etc\/wsgictl\/templates\/wsgi-worker@\.service\.hbs$/m);
      await done('apply');
      await whole(lab, 2, 'with another template');
      assert.equal(await done('apply'), 'nothing to do\nif its code changed in place: wsgictl reload shop\n');
      await lab.sh('rm -r /etc/wsgictl/templates');
    });

    it('check names the files that systemd really loads for workers, the roll and the socket', async () => {
      const { generation } = await statusOf(lab);
      const dropIns: Readonly<Record<string, string>> = {
        '/etc/systemd/system/service.d/10-short.conf': '[Service]\nTimeoutStopSec=1',
        '/run/systemd/system/wsgi-.service.d/20-kill.conf': '[Service]\nKillMode=process',
        '/usr/local/lib/systemd/system/wsgi-worker-.service.d/30-once.conf': '[Service]\nRestart=no',
        '/usr/lib/systemd/system/wsgi-worker-shop-.service.d/40-type.conf': '[Service]\nMemoryMax=1G\nType=notify\nWatchdogSec=1',
        [`/etc/systemd/system/wsgi-worker-shop-${generation}@.service.d/50-x.conf`]: '[Unit]\nStartLimitBurst=2',
        '/etc/systemd/system/wsgi-app@.service.d/60-x.conf': '[Service]\nTimeoutStartSec=5',
        '/etc/systemd/system/socket.d/70-x.conf': '[Socket]\nFlushPending=yes',
        // Of equal names only the first counts, and a mask takes away what is below it.
        '/usr/lib/systemd/system/wsgi-worker-.service.d/20-kill.conf': '[Service]\nKillMode=none',
        '/usr/lib/systemd/system/wsgi-.service.d/80-masked.conf': '[Service]\nKillMode=none',
      };
      const masks = ['/etc/systemd/system/wsgi-.service.d/80-masked.conf'];
      for (const [file, text] of Object.entries(dropIns)) await lab.write(file, `${text}\n`, 0o644);
      for (const file of masks) await lab.sh(`mkdir -p "$(dirname ${file})"; ln -s /dev/null ${file}`);
      await lab.sh('systemctl daemon-reload');
      const { code, stderr } = await wsgictl('check', 'shop');
      const named = [...stderr.matchAll(/^(\/[^:]+):\d+: warning: /gm)].map(([, file]) => file);
      const shown = await lab.sh(`systemctl show -P DropInPaths wsgi-worker-shop-${generation}@1.service wsgi-app@shop.service wsgi-app@shop.socket`);
      // /lib leads to /usr/lib, and systemd 252 looks there first.
      const loaded = shown.split(/\s+/).map((file) => file.replace(/^\/lib\//, '/usr/lib/')).filter((file) => file !== '' && !masks.includes(file));
      assert.equal(code, 0, stderr);
      assert.deepEqual([...new Set(named)].sort(), [...new Set(loaded)].sort());
      assert.match(stderr, /40-type\.conf:4: warning: WatchdogSec=1 takes the place of what wsgictl sets for the workers of shop; use \[workers\] watchdog$/m);
      await lab.sh(`rm ${[...Object.keys(dropIns), ...masks].join(' ')}; systemctl daemon-reload`);
      assert.doesNotMatch((await wsgictl('check', 'shop')).stderr, /warning/);
    });
  });
}
