// Apps that would keep a stop from ending, and such as take their socket away from all who have it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { configure, type IniOverrides } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { LONG, OLDEST, remains, statusOf, whole } from './whole.js';

const SOURCE = readFileSync(new URL('../../../test/system/hostile-app.py', import.meta.url), 'utf8');
const GONE = 7; // curl's exit code where nobody listens
const NEVER = 120_000;

// systemd 252 differs from later ones in what it makes of a socket that was shut down.
for (const release of OLDEST) {
  describe(`hostile apps on ${release}`, { timeout: 1_800_000 }, () => {
    let lab: Lab;

    before(async () => {
      lab = await Lab.boot(release);
    });
    after(async () => lab.stop());

    /** An INI file and the app's files; what is in `says` are files that it looks for. */
    async function make(app: string, says: Readonly<Record<string, string>> = {}, more: IniOverrides = {}): Promise<void> {
      await lab.write(`/srv/${app}/current/app.py`, SOURCE);
      await say(app, says);
      await configure(lab, {
        ...more,
        workers: { processes: 1, ...more['workers'] },
        reload: { settle: '100ms', 'graceful-timeout': '1s', 'interrupt-timeout': '1s', 'ready-timeout': '6s', ...more['reload'] },
        health: { 'warm-up': null },
      }, app);
    }

    async function say(app: string, says: Readonly<Record<string, string>>): Promise<void> {
      await lab.sh(`rm -f /srv/${app}/current/broken /srv/${app}/current/extends`);
      for (const [name, text] of Object.entries(says)) await lab.write(`/srv/${app}/current/${name}`, text);
    }

    const wsgictl = (...args: string[]): Promise<Result> => lab.run(['wsgictl', ...args], { timeout: NEVER });
    const systemctl = (...args: string[]): Promise<Result> => lab.run(['systemctl', ...args], { timeout: NEVER });

    async function done(running: Promise<Result>, code = 0): Promise<string> {
      const result = await running;
      assert.equal(result.code, code, result.stdout + result.stderr);
      return result.stdout + result.stderr;
    }

    const ask = (app: string, path: string, address = `--unix-socket /run/wsgi/${app}.sock http://x`): Promise<Result> =>
      lab.run(['bash', '-c', `curl -sS -m 10 ${address}/${path}`]);

    /** A request that no interrupt ends, in the only worker's hands. */
    async function hold(app: string): Promise<void> {
      await lab.sh(`rm -f /srv/${app}/held; (curl -s --unix-socket /run/wsgi/${app}.sock http://x/hold || true) >/dev/null 2>&1 &`);
      await lab.waitFor('it is held', async () => (await lab.journal(['-u', `wsgi-worker-${app}-*`])).includes('holding'));
    }

    describe('a worker asks systemd for more time, over and over', () => {
      const HOLDING = ['stopped', 'removed', 'reloaded', 'targeted', ...(LONG ? ['traced'] : [])];

      before(async () => {
        for (const app of HOLDING) await make(app, { extends: '' });
        await make('hung');
        await done(wsgictl('apply'));
        for (const app of HOLDING) await hold(app);
        await say('hung', { extends: '', broken: 'hangs' });
      });

      it('stop, remove and reload end; a roll whose import never ends is rolled back; a first apply of it leaves nothing, and the next app is applied', async () => {
        await make('evil', { extends: '', broken: 'hangs' });
        await make('fine');
        const [stop, remove, reload, hung, applied] = await Promise.all([
          wsgictl('stop', 'stopped'), wsgictl('remove', 'removed'), wsgictl('reload', 'reloaded'), wsgictl('reload', 'hung'), wsgictl('apply', 'evil', 'fine'),
        ]);
        await done(Promise.resolve(stop));
        assert.deepEqual(await remains(lab, 'stopped'), []);
        assert.match(await lab.journal(['-u', 'wsgi-app@stopped']), /worker 1 of generation 1 did not end within 2 s: killed/);

        await done(Promise.resolve(remove));
        assert.deepEqual(await remains(lab, 'removed'), []);

        const said = await done(Promise.resolve(reload));
        assert.match(said, /worker 1 of generation 1 did not end within 2 s: killed\n/);
        assert.match(said, /worker 1 of generation 1 is gone \(killed\)\n/);
        await whole(lab, 1, 'reloaded', 'reloaded');

        assert.match(await done(Promise.resolve(hung), 4), /worker 1 of generation 2 did not end within 2 s: killed[^]*rolled back: worker 1 of generation 2 did not become ready in time/);
        const { generation, workers } = await statusOf(lab, 'hung');
        assert.deepEqual([generation, workers.map(({ phase }) => phase)], [1, ['ready']]);

        assert.match(await done(Promise.resolve(applied), 4), /evil: nothing was committed/);
        assert.deepEqual(await remains(lab, 'evil'), []);
        await whole(lab, 1, 'applied after it', 'fine');
      });

      if (LONG) {
        it('a stop gives up on a worker that not even SIGKILL ends, and says so', async () => {
          const pid = (await lab.sh('systemctl show -P MainPID wsgi-worker-traced-1@1')).trim();
          // Whoever traces it hears of its end first, and systemd not at all: as of a process that the kernel holds.
          const tracer = lab.spawn(['python3', '-c', `import ctypes, time; ctypes.CDLL(None).ptrace(0x4206, ${pid}, 0, 0); time.sleep(600)`]);
          await lab.waitFor('it is traced', async () => /TracerPid:\t[1-9]/.test(await lab.read(`/proc/${pid}/status`)));
          assert.match(await done(wsgictl('stop', 'traced'), 1), /cannot stop traced: wsgi-worker-traced-1@1.service does not end, not even by SIGKILL\n +systemctl status /);
          tracer.kill('SIGKILL');
          await lab.waitFor('it is gone', async () => (await remains(lab, 'traced')).length === 0);
        });
      }

      if (LONG) {
        it('a stop of all apps ends', async () => {
          await done(systemctl('stop', 'wsgi-app.target'));
          assert.deepEqual((await remains(lab, 'targeted')).filter((one) => !/^s/.test(one)), []);
        });
      }

      after(async () => {
        await lab.sh('rm -f /etc/wsgictl/apps.d/{stopped,reloaded,hung,evil,traced}.ini');
        await done(wsgictl('apply'));
      });
    });

    it('a roll ends whose old workers cannot be had back', async () => {
      await make('lost', {}, { reload: { 'max-surge': 0, 'max-unavailable': 1 } });
      await done(wsgictl('apply', 'lost'));
      await say('lost', { broken: 'quits' });
      assert.match(await done(wsgictl('reload', 'lost'), 5), /then worker 1 of generation 1 got no socket to listen on/);
      await done(wsgictl('remove', 'lost'));
    });

    it('an undo goes on where systemd refuses an old worker, and has its unit where somebody removed it', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      const reload = { 'max-surge': 0, 'max-unavailable': 1 };
      await make('refused', {}, { reload });
      await done(wsgictl('apply', 'refused'));
      await make('refused', {}, { reload, app: { module: 'app:none' } });
      await lab.sh('rm /etc/systemd/system/wsgi-worker-refused-1@.service');
      await done(wsgictl('reload', 'refused'), 4);
      assert.deepEqual((await statusOf(lab, 'refused')).workers.map(({ generation, phase }) => [generation, phase]), [[1, 'ready']]);

      // Of its running instance systemd knows better, of the next one it does not.
      await lab.write('/etc/systemd/system/wsgi-worker-refused-1@.service.d/manual.conf', '[Unit]\nRefuseManualStart=yes\n');
      assert.match(await done(wsgictl('reload', 'refused'), 5), /then worker 1 of generation 1 cannot be started: systemd says: .*refused/i);
      await done(wsgictl('remove', 'refused'));
    });

    describe('what an app lacks that runs', { skip: !LONG && 'npm run test:long runs it' }, () => {
      const DROP_IN = '/etc/systemd/system/wsgi-app@lacks.socket.d/override.conf';
      const notes = async (): Promise<string> => (await statusOf(lab, 'lacks')).notes.join('\n');

      before(async () => {
        await make('lacks', {}, { workers: { processes: 2 } });
        await done(wsgictl('apply', 'lacks'));
      });
      after(async () => done(wsgictl('remove', 'lacks')));

      it('workers that a job stopped: status says so; start and apply bring up those, and nothing else', async () => {
        for (const [stopped, command] of [['1 2', 'start'], ['2', 'apply']] as const) {
          await lab.sh(`systemctl stop ${stopped.split(' ').map((index) => `wsgi-worker-lacks-1@${index}`).join(' ')}`);
          const which = `worker ${stopped.replace(' ', ', ')} ${stopped === '2' ? 'is' : 'are'} stopped`;
          assert.match(await notes(), new RegExp(`${stopped === '2' ? 1 : 0} of 2 workers are ready, and ${which}: wsgictl start lacks`));
          const others = (await statusOf(lab, 'lacks')).workers.map(({ pid }) => pid);
          assert.match(await done(wsgictl(command, 'lacks')), new RegExp(`lacks: ${which}\n`));
          const { generation, workers } = await whole(lab, 2, command, 'lacks');
          assert.equal(generation, 1);
          assert.ok(others.every((pid) => workers.some((worker) => worker.pid === pid)));
        }
        assert.match(await done(wsgictl('start', 'lacks')), /is running/);
        assert.match(await done(wsgictl('apply', 'lacks')), /nothing to do/);
      });

      it('the socket, after an edit of its unit: status says so, a roll blames no release and ends, apply opens it', async () => {
        await lab.write(DROP_IN, '[Socket]\nListenStream=\nListenStream=127.0.0.1:8301\n');
        await lab.sh('systemctl daemon-reload');
        assert.match(await notes(), /systemd has lost its socket, and no worker can be replaced: wsgictl restart lacks/);
        await lab.sh('kill -9 "$(systemctl show -P MainPID wsgi-worker-lacks-1@1)"');
        await lab.waitFor('it is not tried again', async () => (await statusOf(lab, 'lacks')).workers.length === 1);
        assert.equal((await systemctl('reload', 'wsgi-app@lacks')).code, 1);
        assert.match(await notes(), /got no socket to listen on .*systemd has lost the socket, whatever the release: wsgictl restart lacks/);
        assert.deepEqual((await statusOf(lab, 'lacks')).workers.map(({ generation, phase }) => [generation, phase]), [[1, 'ready']]);
        assert.match(await done(wsgictl('apply', 'lacks')), /systemd has lost its socket; the app restarts, with a new one/);
        await whole(lab, 2, 'applied', 'lacks');
        assert.equal((await ask('lacks', '', 'http://127.0.0.1:8301')).code, 0);
      });

      it('the socket, when the edit is taken back: a reload opens it', async () => {
        await lab.sh(`rm ${DROP_IN}; systemctl daemon-reload`);
        assert.match(await notes(), /systemd has lost its socket/);
        await done(wsgictl('reload', 'lacks'));
        await whole(lab, 2, 'reloaded', 'lacks');
        assert.equal((await ask('lacks', '')).code, 0);
      });

      it('the socket, after a mask: nothing is stopped before it can be opened; a restart by systemctl opens it', async () => {
        await lab.sh('systemctl mask wsgi-app@lacks.socket; systemctl daemon-reload');
        assert.match(await done(wsgictl('restart', 'lacks'), 1), /cannot open the socket of lacks: its unit is masked\n +systemctl unmask wsgi-app@lacks.socket/);
        assert.equal((await statusOf(lab, 'lacks')).workers.length, 2);
        await lab.sh('systemctl unmask wsgi-app@lacks.socket; systemctl daemon-reload');
        assert.match(await notes(), /systemd has lost its socket/);
        await systemctl('restart', 'wsgi-app@lacks');
        await lab.waitFor('it is tried again', async () => (await statusOf(lab, 'lacks')).code === 0, 30_000);
        await whole(lab, 2, 'restarted', 'lacks');
        assert.equal((await ask('lacks', '')).code, 0);
      });
    });

    describe('a worker shuts its socket down', () => {
      before(async () => {
        await make('shut', {}, { workers: { processes: 2 } });
        await make('tcp', {}, { workers: { processes: 2, threads: 2 }, socket: { listen: '127.0.0.1:8300' } });
        await done(wsgictl('apply'));
      });

      const TCP = 'http://127.0.0.1:8300';
      for (const [app, deed, command, address] of [
        ['shut', 'shut-reading', 'reload'], ['tcp', 'shut', 'reload', TCP],
        ...(LONG ? [['shut', 'shut', 'rollback'] as const, ['tcp', 'shut-reading', 'rollback', TCP] as const] : []),
      ] as const) {
        it(`${app}: ${deed}: it is found and said, and a ${command} opens another`, async () => {
          assert.equal((await ask(app, deed, address)).code, 0);
          await lab.waitFor('the workers are gone', async () => (await statusOf(lab, app)).workers.length === 0);
          const { code, notes } = await statusOf(lab, app);
          assert.equal(code, 1);
          assert.match(notes.join('\n'), new RegExp(`its socket was shut down, and nobody can connect: wsgictl restart ${app}`));
          assert.match(await lab.journal(['-u', `wsgi-worker-${app}-*`]), /its socket was shut down/);
          assert.match(await done(wsgictl(command, app)), /nobody can connect to its socket; the app restarts, with a new one/);
          assert.equal((await ask(app, '', address)).code, 0);
          await whole(lab, 2, deed, app);
        });
      }

      it('a start opens another one, and so does a restart where the workers do not notice', { skip: !LONG && 'npm run test:long runs it' }, async () => {
        await ask('shut', 'shut');
        await lab.waitFor('the workers are gone', async () => (await statusOf(lab, 'shut')).workers.length === 0);
        await done(wsgictl('start', 'shut'));
        await whole(lab, 2, 'started', 'shut');
        await ask('fine', 'deaf-and-shut');
        assert.equal((await ask('fine', '')).code, GONE);
        await done(wsgictl('restart', 'fine'));
        assert.equal((await ask('fine', '')).code, 0);
        await whole(lab, 1, 'restarted', 'fine');
      });

      for (const deed of LONG ? ['close', 'close-all', 'replace', 'replace-by-socket'] : ['close-all', 'replace-by-socket']) {
        it(`${deed}: takes it from one worker only, which is replaced`, async () => {
          const pid = (await ask('shut', deed)).stdout.trim();
          await lab.waitFor('it is replaced', async () => {
            const { code, workers } = await statusOf(lab, 'shut');
            return code === 0 && !workers.some((worker) => String(worker.pid) === pid);
          });
          assert.equal((await ask('shut', '')).code, 0);
          await whole(lab, 2, deed, 'shut');
        });
      }

      it('nobody but root takes its path away', async () => {
        assert.match((await ask('shut', 'unlink')).stdout, /Permission denied/);
      });

      for (const broken of LONG ? ['shut', 'shut-reading'] : []) {
        it(`a release that does so when it is imported: ${broken}`, async () => {
          await say('shut', { broken });
          await done(wsgictl('reload', 'shut'), 5);
          assert.match((await statusOf(lab, 'shut')).notes.join('\n'), /its socket was shut down/);
          await say('shut', {});
          await done(wsgictl('reload', 'shut'));
          await whole(lab, 2, broken, 'shut');
        });
      }

      for (const unit of ['wsgi-app@shut.socket', ...(LONG ? ['wsgi-app.target', 'wsgi-app@shut.service'] : [])]) {
        it(`in the end: a stop of ${unit} ends`, async () => {
          await ask('shut', 'shut-reading-at-exit');
          await done(systemctl('stop', unit));
          await lab.waitFor('all is closed', async () => (await remains(lab, 'shut')).length === 0, 10_000);
          await done(systemctl('start', 'wsgi-app.target', 'wsgi-app@shut'));
          assert.equal((await ask('shut', '')).code, 0);
          await whole(lab, 2, `stop ${unit}`, 'shut');
        });
      }
    });

    it('a shutdown ends', async () => {
      await hold('targeted');
      await ask('shut', 'shut-reading-at-exit');
      const { ms } = await lab.poweroff();
      assert.ok(ms < 60_000, `${ms} ms`);
    });
  });
}
