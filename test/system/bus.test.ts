// The message bus goes, or stands still: H1. And what a roll asks of systemd: 6.6.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { configure, deploy } from '../lab/fixture.js';
import { Lab, type Result, type RunOptions } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { LONG, OLDEST, whole } from './whole.js';

const PROCESSES = LONG ? 4 : 2;
const IMPORT = LONG ? 1 : 0.3;
const STOPPED_MS = LONG ? 40_000 : 8_000;

const COMMANDS: readonly (readonly string[])[] = LONG
  ? [
    ['check'], ['render'], ['apply'], ['reload', 'shop'], ['rollback', 'shop'], ['apply'], ['status'], ['status', '--json'], ['logs', 'shop'],
    ['restart', 'shop'], ['stop', 'shop'], ['start', 'shop'],
  ]
  : [['check'], ['apply'], ['status'], ['stop', 'shop'], ['start', 'shop']];

for (const release of OLDEST) {
  describe(`the bus on ${release}`, { timeout: 1_800_000 }, () => {
    let lab: Lab;
    let deployed = 0;

    before(async () => {
      lab = await Lab.boot(release);
      await configure(lab, { workers: { processes: PROCESSES }, reload: { settle: LONG ? '1s' : '100ms' } });
      await next();
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    const next = (): Promise<void> => deploy(lab, ++deployed, { importDelay: IMPORT });

    /** No stack of ours, and no wait without an end. */
    async function wsgictl(words: readonly string[], options: RunOptions = {}): Promise<Result> {
      const result = await lab.run(['wsgictl', ...words], { timeout: 100_000, ...options });
      assert.doesNotMatch(result.stdout + result.stderr, /\n +at |bug/, words.join(' '));
      assert.notEqual(result.code, 124, `${words.join(' ')} hangs`);
      return result;
    }

    async function done(...words: string[]): Promise<void> {
      const { code, stdout, stderr } = await wsgictl(words);
      assert.equal(code, 0, words.join(' ') + stdout + stderr);
    }

    async function everyCommand(commands = COMMANDS): Promise<void> {
      await next();
      for (const words of commands) await done(...words);
      await whole(lab, PROCESSES, 'after every command');
    }

    /** A command that is under way when this resolves. */
    async function inMidRoll(...words: string[]): Promise<{ end: Promise<Result> }> {
      const rolls = async (): Promise<number> => Number(await lab.sh('ls /var/lib/wsgictl/shop/rolls/*.jsonl | wc -l'));
      const before = await rolls();
      const end = lab.run(words, { timeout: 100_000 });
      end.catch(() => {});
      await lab.waitFor('it rolls', async () => (await rolls()) > before);
      await wait(IMPORT * 500);
      return { end };
    }

    it('H1: the daemon is killed in mid-roll', async () => {
      for (const words of [['wsgictl', 'apply'], ...(LONG ? [['systemctl', 'reload', 'wsgi-app.target']] : [])]) {
        await next();
        const load = startLoad(lab, { fast: 4, pauseMs: 20 });
        const { end } = await inMidRoll(...words);
        await lab.sh('kill -9 "$(systemctl show -P MainPID dbus.service)"');
        const { code, stdout, stderr } = await end;
        assert.equal(code, 0, stdout + stderr);
        assert.deepEqual((await load.stop()).failures, []);
        await whole(lab, PROCESSES, 'after the kill');
        await lab.sh('systemctl reset-failed dbus.service dbus.socket; systemctl start dbus.socket dbus.service');
      }
    });

    it('H1: the daemon stands still', async () => {
      await next();
      const { end } = await inMidRoll('wsgictl', 'apply');
      const daemon = (await lab.sh('systemctl show -P MainPID dbus.service')).trim();
      await lab.sh(`kill -STOP ${daemon}`);
      try {
        const began = Date.now();
        assert.equal((await end).code, 0);
        const asked = wsgictl(['status'], { user: 'deploy' });
        while (Date.now() - began < STOPPED_MS) await done('status');
        await lab.sh(`kill -CONT ${daemon}`);
        assert.equal((await asked).code, 0, 'one who speaks by the bus, when it goes on');
      } finally {
        await lab.sh(`kill -CONT ${daemon}`);
      }
      await whole(lab, PROCESSES, 'after the stop');
    });

    it('H1: every command without a bus', async () => {
      await lab.sh('systemctl stop dbus.socket dbus.service');
      await everyCommand();
      const { code, stderr } = await wsgictl(['status'], { user: 'deploy' });
      assert.equal(code, 1);
      assert.match(stderr, /wsgictl: /);
    });

    it('H1: a boot without a bus serves', async () => {
      await lab.sh('systemctl mask dbus.service dbus.socket');
      await lab.reboot();
      assert.notEqual((await lab.run(['systemctl', 'is-active', 'dbus.service'])).code, 0);
      await whole(lab, PROCESSES, 'booted');
      assert.equal((await lab.run(['curl', '-sS', '--unix-socket', '/run/wsgi/shop.sock', 'http://localhost/fast'])).stdout, 'fast\n');
      await everyCommand(LONG ? COMMANDS : [['apply']]);
      await lab.sh('systemctl unmask dbus.service dbus.socket; systemctl start dbus.socket');
    });

    it('systemd reads its units, and itself, again and again: no roll is undone', async (t) => {
      const processes = LONG ? 40 : 4;
      await configure(lab, { workers: { processes }, reload: { 'max-surge': '100%', settle: '100ms' } });
      await deploy(lab, ++deployed, { importDelay: 0.3 });
      await lab.sh('wsgictl apply');
      const rolls = LONG ? 20 : 1;
      // As an upgrade of many packages does it. It stops by itself; in the short run, so soon that the roll goes on without.
      const times = LONG ? rolls * 150 : 12;
      await lab.write('/run/noise', `for ((n = 1; n <= ${times}; n++)); do
        [ ! -e /run/quiet ] || exit 0
        systemctl daemon-reload; [ $((n % ${LONG ? 25 : 8})) != 0 ] || systemctl daemon-reexec; sleep 0.2; done`);
      const lastRoll = async (): Promise<string> => (await lab.sh('cd /var/lib/wsgictl/shop/rolls; ls *.jsonl | sort -n | tail -n 1')).trim();
      const events = async (): Promise<string> => lab.read(`/var/lib/wsgictl/shop/rolls/${await lastRoll()}`);
      const noise = lab.spawn(['bash', '/run/noise']);
      try {
        // The command may lose sight of its roll, which says nothing of the roll.
        for (let [ended, asked] = [0, 0]; ended < rolls; asked++) {
          assert.ok(asked < 3 * rolls, `${ended} rolls of ${asked} that were asked for`);
          const was = await lastRoll();
          await wsgictl(['reload', 'shop'], { timeout: 300_000 });
          if ((await lastRoll()) === was) continue;
          await lab.waitFor('it has ended', async () => (await events()).includes('"kind":"end"'), 120_000);
          assert.match(await events(), /"kind":"end","outcome":"done"/, `roll ${ended + 1}`);
          ended += 1;
        }
      } finally {
        await lab.sh('touch /run/quiet');
        noise.kill('SIGTERM');
      }
      await whole(lab, processes, 'in the end');
      t.diagnostic(`${release}: ${rolls} rolls of ${processes} workers`);
    });

    it('6.6: a roll needs no daemon-reload, and few calls', async (t) => {
      await configure(lab, { workers: { processes: 4 }, reload: { settle: '100ms' } });
      await lab.sh('wsgictl apply');
      const loaded = (): Promise<string> => lab.sh(`systemctl show -P UnitsLoadTimestampMonotonic; journalctl -b -o cat _PID=1 | grep -cE '^Reloading\\.(\\.\\.)?$' || true`);
      const was = await loaded();
      for (const command of LONG ? ['wsgictl apply', 'systemctl reload wsgi-app.target', 'wsgictl rollback shop'] : ['wsgictl apply']) {
        await next();
        await lab.sh(command);
        const events = await lab.sh('cd /var/lib/wsgictl/shop/rolls; cat "$(ls *.jsonl | sort -n | tail -n 1)"');
        t.diagnostic(`${release}: ${command}: ${/"calls":(\d+)/.exec(events)?.[1]} D-Bus calls for 4 workers`);
      }
      assert.equal(await loaded(), was);
      await whole(lab, 4, 'rolled');
    });
  });
}
