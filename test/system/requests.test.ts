// Whose roll is whose: commands that meet each other, a start, a stop, a kill, and a reload of all apps.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy, type IniOverrides } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { LONG, NEWEST, statusOf, whole } from './whole.js';
import { everyWho } from './who.js';

const PROCESSES = 2;
const QUICK: IniOverrides = { workers: { processes: PROCESSES }, reload: { settle: '100ms' }, health: { 'warm-up': null } };
/** Until there is this file, workers of a held release do not come up. */
const GO = '/srv/go';
const HOLD = `import os, time\\nwhile not os.path.exists("${GO}"): time.sleep(0.05)`;

interface Event {
  readonly kind: string;
}

for (const release of NEWEST) {
  describe(`requests on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      for (const app of ['shop', 'blog']) {
        await deploy(lab, 'first', { app, importDelay: 0 });
        await configure(lab, QUICK, app);
      }
      await done('apply');
    });
    after(async () => lab.stop());

    const wsgictl = (...words: string[]): Promise<Result> => lab.run(['wsgictl', ...words], { timeout: 120_000 });
    const newRelease = (name: string): Promise<void> => deploy(lab, name, { importDelay: 0 });
    /** One that comes up when it is let go. */
    const held = async (name: string, app = 'shop'): Promise<void> => {
      await deploy(lab, name, { app, importDelay: 0 });
      await lab.sh(`rm -f ${GO}; sed -i '1i ${HOLD}' "/srv/$APP/releases/$NAME/app.py"`, { env: { APP: app, NAME: name } });
    };
    const letGo = (): Promise<string> => lab.sh(`touch ${GO}`);
    const queued = async (count: number): Promise<void> => lab.waitFor(`${count} requests are queued`, async () =>
      (await lab.sh(`{ cat /run/wsgi/requests/shop/* 2>/dev/null | grep -o '"job":"/' || true; } | wc -l`)).trim() === String(count), 60_000);

    async function done(...words: string[]): Promise<string> {
      const { code, stdout, stderr } = await wsgictl(...words);
      assert.equal(code, 0, `${words.join(' ')}: ${stdout}${stderr}`);
      return stdout;
    }

    async function lastRoll(app = 'shop'): Promise<{ readonly number: number; readonly events: readonly Event[] }> {
      const text = await lab.sh('cd "/var/lib/wsgictl/$APP/rolls" 2>/dev/null || exit 0; ls *.jsonl | sort -n | tail -n 1; cat "$(ls *.jsonl | sort -n | tail -n 1)"', { env: { APP: app } });
      const [name = '', ...lines] = text.split('\n').filter(Boolean);
      return { number: Number.parseInt(name || '0', 10), events: lines.map((line) => JSON.parse(line) as Event) };
    }

    /** What begins a roll; resolves when that has begun to start workers. Its end is still to come. */
    async function inMidRoll(act: () => Promise<Result>, app = 'shop'): Promise<{ readonly end: Promise<Result> }> {
      const { number } = await lastRoll(app);
      const end = act();
      end.catch(() => {});
      await lab.waitFor('it rolls', async () => {
        const roll = await lastRoll(app);
        return roll.number > number && roll.events.some(({ kind }) => kind === 'waiting' || kind === 'worker');
      }, 60_000);
      return { end };
    }

    const systemctl = (...words: string[]) => (): Promise<Result> => lab.run(['systemctl', ...words], { timeout: 120_000 });
    const idle = async (): Promise<void> => lab.waitFor('no job is left', async () => !/wsgi-app@/.test(await lab.sh('systemctl list-jobs --no-legend --plain')), 60_000);

    async function serves(name: string): Promise<void> {
      await idle();
      for (const who of await everyWho(lab, PROCESSES)) assert.equal(who.release, name);
      await whole(lab, PROCESSES, name);
    }

    it('what an apply showed is what it rolls, though the link moves meanwhile', async () => {
      await deploy(lab, 'bad', { importDelay: 0, broken: 'import' });
      const child = lab.spawn(['wsgictl', 'apply', 'shop']);
      const code = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => child.stdout?.once('data', resolve)); // it has shown its plan
      await newRelease('good');
      assert.equal(await code, 4);
      for (const who of await everyWho(lab, PROCESSES)) assert.equal(who.release, 'first');
      const { generation } = await statusOf(lab);
      const said = await done('apply');
      assert.match(said, /generation \d+ serves \/srv\/shop\/releases\/good\n$/);
      assert.ok(((await statusOf(lab)).generation ?? 0) > (generation ?? 0));
      await serves('good');
    });

    it('of several applies the newest is rolled; who was overtaken is told by what', async () => {
      await held('slow');
      const { end } = await inMidRoll(systemctl('reload', 'wsgi-app@shop'));
      await newRelease('older');
      const older = wsgictl('apply');
      await queued(1);
      await newRelease('newer');
      const last = wsgictl('apply');
      await queued(2);
      await letGo();
      assert.equal((await end).code, 0);
      const [overtaken, newer] = await Promise.all([older, last]);
      assert.deepEqual([overtaken.code, newer.code], [0, 0], overtaken.stdout + newer.stdout);
      assert.match(overtaken.stdout, /generation \d+ is overtaken by generation \d+, which is rolled instead\n[^]*generation \d+ serves \/srv\/shop\/releases\/newer\n$/);
      await serves('newer');
      assert.equal(await lab.sh('ls /run/wsgi/requests/shop'), '');
    });

    it('an apply, a reload and a rollback while the app is starting come true after the start', async () => {
      await held('slow');
      await letGo();
      await done('apply');
      const commands = [[['rollback', 'shop'], 'newer'], [['reload', 'shop'], 'quick'], [['apply', 'shop'], 'quick']] as const;
      for (const [command, expected] of LONG ? commands : commands.slice(2)) {
        if (expected === 'quick') {
          await lab.sh('ln -sfn releases/slow /srv/shop/current');
          await done('reload', 'shop');
        }
        await done('stop', 'shop');
        await lab.sh(`rm ${GO}`);
        await inMidRoll(systemctl('start', '--no-block', 'wsgi-app@shop'));
        await newRelease('quick');
        const commanded = done(...command);
        await queued(1);
        await letGo();
        await commanded;
        await serves(expected);
      }
    });

    it('a rollback that meets a plain reload which has hardly begun is not undone by it', async () => {
      const dropIn = '/etc/systemd/system/wsgi-app@shop.service.d/late.conf';
      await lab.write(dropIn, '[Service]\nExecReload=\nExecReload=/bin/sh -c "sleep 2; exec wsgictl unit reload shop"\n', 0o644);
      await lab.sh('systemctl daemon-reload');
      await newRelease('other');
      await done('reload', 'shop');
      await newRelease('unwanted');
      await systemctl('reload', '--no-block', 'wsgi-app@shop')();
      await done('rollback', 'shop');
      await serves('quick');
      await lab.sh(`rm ${dropIn}; systemctl daemon-reload`);
    });

    it('a command whose roll is stopped has not done what was asked for', async () => {
      await held('stopped');
      const { end } = await inMidRoll(() => wsgictl('apply', 'shop'));
      assert.equal((await lab.run(['flock', '--nonblock', '/var/lib/wsgictl/shop', 'true'])).code, 1, 'a roll holds its lock');
      await done('stop', 'shop');
      const { code, stdout, stderr } = await end;
      assert.equal(code, 1, stdout + stderr);
      await done('start', 'shop');
      await serves('quick');
    });

    it('a reload of the target fails if the roll of one app is killed, or cannot even begin', async () => {
      await held('killed');
      const { end } = await inMidRoll(systemctl('reload', 'wsgi-app.target'));
      await lab.sh('kill -9 "$(systemctl show -P ControlPID wsgi-app@shop)"');
      await letGo();
      assert.notEqual((await end).code, 0);
      const dropIn = '/etc/systemd/system/wsgi-app@shop.service.d/no.conf';
      await lab.write(dropIn, '[Service]\nExecReload=\nExecReload=/bin/false\n', 0o644);
      await lab.sh('systemctl daemon-reload');
      assert.notEqual((await systemctl('reload', 'wsgi-app.target')()).code, 0);
      await lab.sh(`rm ${dropIn}; systemctl daemon-reload; systemctl reload wsgi-app.target`);
      await serves('killed');
    });

    if (LONG) {
      it('a start during a reload has systemd reload the app once more, as README says', async () => {
        await held('restarted');
        const { number } = await lastRoll();
        const { end } = await inMidRoll(systemctl('reload', 'wsgi-app@shop'));
        const started = systemctl('start', 'wsgi-app@shop')();
        await lab.waitFor('its job waits', async () => /wsgi-app@shop.service .*waiting/.test(await lab.sh('systemctl list-jobs --no-legend --plain')));
        await letGo();
        assert.deepEqual([(await end).code, (await started).code], [0, 0]);
        await serves('restarted');
        assert.equal((await lastRoll()).number, number + 2);
      });
    }

    it('one app that is stopped keeps no other from being reloaded', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      await done('stop', 'blog');
      const { generation } = await statusOf(lab);
      await newRelease('next');
      const { code, stderr } = await wsgictl('reload', 'blog', 'shop');
      assert.equal(code, 1);
      assert.match(stderr, /blog: cannot reload blog: it is not running/);
      assert.equal((await statusOf(lab)).generation, (generation ?? 0) + 1);
      await serves('next');
      await done('start', 'blog');
    });

    it('a daemon-reexec during an apply is no end of it', async () => {
      await held('reexec');
      const { end } = await inMidRoll(() => wsgictl('apply', 'shop'));
      await lab.sh('for i in 1 2 3 4; do systemctl daemon-reexec; done');
      await letGo();
      const { code, stdout, stderr } = await end;
      assert.equal(code, 0, stdout + stderr);
      await serves('reexec');
    });

    it("a first apply whose start is killed is not done, and the app is not given up: systemd tries again", { skip: !LONG && 'npm run test:long runs it' }, async () => {
      await held('first', 'third');
      await configure(lab, QUICK, 'third');
      const { end } = await inMidRoll(() => wsgictl('apply', 'third'), 'third');
      await lab.sh('kill -9 "$(systemctl show -P MainPID wsgi-app@third)"');
      const { code, stdout, stderr } = await end;
      assert.equal(code, 1, stdout + stderr);
      await letGo();
      await lab.waitFor('it comes up', async () => (await statusOf(lab, 'third')).active === 'active', 60_000);
      assert.equal((await lab.sh('systemctl is-enabled wsgi-app@third')).trim(), 'enabled');
      await whole(lab, PROCESSES, 'after the kill', 'third');
      await done('remove', 'third');
    });

    it('an apply that was cut off after it enabled something is finished by the next one', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      await lab.sh('touch /srv/touched');
      await configure(lab, { ...QUICK, reload: { settle: '100ms', touch: '/srv/touched' } });
      await done('apply');
      await lab.sh('systemctl disable --now wsgi-app-touch@shop.path');
      await done('apply');
      assert.equal(await lab.sh('systemctl is-enabled wsgi-app-touch@shop.path; systemctl is-active wsgi-app-touch@shop.path'), 'enabled\nactive\n');
      await configure(lab, { ...QUICK, app: { activation: 'on-demand', directory: '/srv/shop/current' } }, 'calm');
      await lab.sh('ln -s "$(systemctl show -P FragmentPath wsgi-app@calm.socket)" /etc/systemd/system/wsgi-app.target.wants/wsgi-app@calm.socket');
      await done('apply');
      assert.equal(await lab.sh('systemctl is-active wsgi-app@calm.socket'), 'active\n');
      assert.match(await lab.sh('curl -sS --unix-socket /run/wsgi/calm.sock http://localhost/fast'), /fast/);
      await done('remove', 'calm');
    });
  });
}
