// The lab itself: what other tests stand on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { deploy, traces } from '../lab/fixture.js';
import { startLoad } from '../lab/load.js';
import { ensureRoot, Lab } from '../lab/lab.js';
import { NEWEST } from './whole.js';

const SYSTEMD = { bookworm: '252', trixie: '257' };

/** What labs have on this machine; `pid` chooses those that a process has booted. */
function leftovers(pid: number): string[] {
  const ours = new RegExp(`wsgictl-lab[-/]${pid}-`);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const cgroup2 = mounts.map((line) => / (\S+) \S+ (?:\S+:\S+ )*- cgroup2 /.exec(line)?.[1]).find(Boolean) ?? '/sys/fs/cgroup';
  return [
    ...mounts.filter((line) => ours.test(line)),
    ...readdirSync(cgroup2).filter((name) => name.startsWith(`wsgictl-lab-${pid}-`)),
    ...readdirSync('/run/wsgictl-lab').filter((name) => name.startsWith(`${pid}-`)),
    ...readdirSync('/proc').filter((name) => /^\d+$/.test(name) && ours.test(commandLine(name))),
  ];
}

function commandLine(pid: string): string {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
    return line.replace(/keep\.sh /, 'wsgictl-lab-'); // the keeper's argument is the bare id
  } catch {
    return '';
  }
}

async function nothingLeft(pid: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (leftovers(pid).length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(leftovers(pid), []);
}

/** Boots a lab in a process of its own, which is then at the test's mercy. */
async function bootElsewhere(release: string): Promise<{ pid: number; kill: () => void }> {
  const program = `const { Lab } = await import(${JSON.stringify(new URL('../lab/lab.js', import.meta.url).href)});
    const lab = await Lab.boot('${release}', { install: false });
    console.log(lab.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  return { pid: child.pid!, kill: () => child.kill('SIGKILL') };
}

for (const release of NEWEST) {
  describe(`the lab on ${release}`, { timeout: 900_000 }, () => {
    it('boots, runs, is cut off, reboots with its disk, powers off, and leaves nothing', async (t) => {
      await ensureRoot(release);
      const began = Date.now();
      const lab = await Lab.boot(release);
      t.diagnostic(`${release}: usable after ${Date.now() - began} ms`);
      assert.notDeepEqual(leftovers(process.pid), [], 'the test below would find nothing in any case');
      try {
        assert.match(await lab.sh('systemctl --version'), new RegExp(`^systemd ${SYSTEMD[release]} `));
        assert.equal(await lab.sh('systemctl is-system-running'), 'running\n', await lab.sh('systemctl --failed'));

        await lab.write('/etc/some where/file', 'text\n', 0o640);
        assert.equal(await lab.read('/etc/some where/file'), 'text\n');
        assert.equal(await lab.sh('stat -c %a "/etc/some where/file"'), '640\n');
        await lab.write('/run/gone', '');

        let before = Date.now();
        await lab.reboot({ clean: true });
        t.diagnostic(`${release}: clean reboot ${Date.now() - before} ms`);
        assert.equal(await lab.read('/etc/some where/file'), 'text\n');
        assert.equal(await lab.exists('/run/gone'), false);

        before = Date.now();
        await lab.powerCut();
        await assert.rejects(lab.sh('true'), /not running/);
        await lab.reboot();
        t.diagnostic(`${release}: power cut and boot ${Date.now() - before} ms`);
        assert.equal(await lab.read('/etc/some where/file'), 'text\n');
        assert.equal((await lab.sh('journalctl --list-boots --quiet --no-pager | wc -l')).trim(), '3');

        const { ms } = await lab.poweroff();
        t.diagnostic(`${release}: poweroff ${ms} ms`);
      } finally {
        await lab.stop();
      }
      await nothingLeft(process.pid);
    });

    it('runs commands: exit codes, input, users, time', async () => {
      const lab = await Lab.boot(release, { install: false });
      try {
        assert.deepEqual(await lab.run(['sh', '-c', 'cat; echo fault >&2; exit 7'], { input: 'given' }), {
          code: 7, stdout: 'given', stderr: 'fault\n',
        });
        assert.equal((await lab.run(['sh', '-c', 'kill -9 $$'])).code, 137);
        const late = await lab.run(['sleep', '60'], { timeout: 300 });
        assert.equal(late.code, 124);
        await lab.waitFor('sleep ended', async () => (await lab.run(['pgrep', '-x', 'sleep'])).code === 1, 2000);
        assert.equal(await lab.sh('id -un; echo "$HOME $NAME"', { user: 'alice', env: { NAME: 'a b' } }), 'alice\n/home/alice a b\n');
        await assert.rejects(lab.sh('echo shown; false; echo not'), /exit code 1 .*shown/s);

        await lab.sh('systemd-cat -t lab-test echo "a line"');
        await lab.waitFor('journalled', async () => (await lab.journal(['-t', 'lab-test'])) === 'a line\n');
        await lab.sh('loginctl enable-linger alice');
        const alice = { user: 'alice', env: { XDG_RUNTIME_DIR: '/run/user/1000' } };
        await lab.waitFor('alice has a systemd', async () =>
          /running|degraded/.test((await lab.run(['systemctl', '--user', 'is-system-running'], alice)).stdout));
        await lab.write('/home/alice/.config/systemd/user/hers.service', '[Service]\nType=oneshot\nExecStart=/bin/sh -c "id -un >/tmp/hers"\n');
        await lab.sh('systemctl --user start hers', alice);
        assert.equal(await lab.read('/tmp/hers'), 'alice\n');

        const long = lab.spawn(['sleep', '1000']);
        const ended = new Promise((resolve) => long.once('exit', resolve));
        await lab.stop();
        await ended;
      } finally {
        await lab.stop();
      }
    });

    it('keeps its hands off the machine outside', async () => {
      const cgroup = readFileSync('/proc/self/cgroup', 'utf8');
      const lab = await Lab.boot(release, { install: false });
      try {
        assert.equal(readFileSync('/proc/self/cgroup', 'utf8'), cgroup);
        assert.notEqual((await lab.run(['sh', '-c', 'echo 0 >/proc/sys/kernel/panic'])).code, 0);
        assert.notEqual((await lab.run(['date', '-s', 'now'])).code, 0); // now: should it be let, it does no harm
        assert.equal((await lab.run(['sh', '-c', 'kill 0'])).code, 143); // its process group, which is not that of the tests
        assert.equal((await lab.sh("ls /sys/class/net; ip -br link show lo | grep -o UNKNOWN")).trim(), 'lo\nUNKNOWN');
        await lab.sh('rm -rf /usr/games; touch /usr/only-here');
        assert.throws(() => readFileSync('/usr/only-here'), /ENOENT/);
        const other = await Lab.boot(release, { install: false });
        try {
          assert.equal(await other.exists('/usr/only-here'), false, 'two labs share a disk');
        } finally {
          await other.stop();
        }
      } finally {
        await lab.stop();
      }
    });

    it('goes when the process of the tests is killed, and also when its keeper is', async () => {
      const first = await bootElsewhere(release);
      first.kill();
      await nothingLeft(first.pid);

      const second = await bootElsewhere(release);
      const keeper = readdirSync('/proc').find((pid) => new RegExp(`wsgictl-lab-${second.pid}-\\w+ $`).test(commandLine(pid)));
      process.kill(Number(keeper), 'SIGKILL');
      second.kill();
      await (await Lab.boot(release, { install: false })).stop();
      await nothingLeft(second.pid);
    });

    it('names each way in which a request can fail', async () => {
      const lab = await Lab.boot(release, { install: false });
      try {
        await lab.write('/srv/faults.cjs', FAULTS);
        lab.spawn(['node', '/srv/faults.cjs']);
        await lab.waitFor('listening', () => lab.exists('/run/faults.sock'));
        const wanted = ['empty', 'short', 'chunks', 'error', 'missing', 'silent', 'garbage'];
        const load = startLoad(lab, {
          socket: '/run/faults.sock', fast: 2, path: '/good', pauseMs: 5, timeoutMs: 700,
          slow: wanted.map((path) => ({ path: `/${path}`, clients: 1, pauseMs: 200 })),
        });
        await load.started();
        await new Promise((resolve) => setTimeout(resolve, 1200));
        const report = await load.stop();
        const kinds = Object.fromEntries(report.failures.map(({ path, kind }) => [path.slice(1), kind]));
        assert.deepEqual(kinds, {
          empty: 'empty', short: 'short', chunks: 'short', error: '5xx', missing: 'status', silent: 'timeout', garbage: 'garbage',
        });
        assert.equal(report.failed + report.releases.reduce((sum, { replies }) => sum + replies, 0), report.requests);

        for (const [socket, kind] of [['/run/nobody.sock', 'refused'], ['/run/reset.sock', 'reset']] as const) {
          const other = startLoad(lab, { socket, fast: 1 });
          await new Promise((resolve) => setTimeout(resolve, 500));
          assert.equal((await other.stop()).failures[0]?.kind, kind);
        }
      } finally {
        await lab.stop();
      }
    });

    it('rolls the app of the cases under a load, and measures the outage of a restart', async (t) => {
      const lab = await Lab.boot(release, { install: false });
      try {
        await deploy(lab, 1, { importDelay: 0.2 });
        await lab.write('/etc/systemd/system/peer.socket', '[Socket]\nListenStream=/run/wsgi/shop.sock\n');
        await lab.write('/etc/systemd/system/peer.service',
          '[Unit]\nRequires=peer.socket\n[Service]\nType=notify\nKillMode=mixed\nUser=deploy\nWorkingDirectory=/srv/shop/current\n' +
          'ExecStart=/usr/bin/gunicorn --workers 3 app:application\n');
        await lab.sh('systemctl daemon-reload; systemctl start peer.socket peer.service');
        const load = startLoad(lab, { fast: 4, pauseMs: 5, slow: [{ path: '/file?1', clients: 1 }] });
        await load.started();
        await deploy(lab, 2, { importDelay: 0.2 });
        await lab.sh('systemctl restart peer.service'); // plain gunicorn: nobody accepts in between, but all may wait
        await lab.waitFor('release 2 answers', async () => (await load.report()).releases.length === 2);
        const report = await load.stop();
        t.diagnostic(`${release}: gunicorn's restart: ${report.failed} failed of ${report.requests}, gap ${report.longestGap} ms`);
        assert.deepEqual(report.releases.map(({ name }) => name), ['1', '2']);
        assert.ok(report.longestGap > 200, 'the import alone takes 200 ms');
        assert.ok(report.stall < 200, `the load was held up for ${report.stall} ms`);
        assert.ok((await traces(lab)).some(({ end, fin }) => end && fin));
      } finally {
        await lab.stop();
      }
    });
  });
}

const FAULTS = `
require('net').createServer((socket) => socket.once('data', (data) => {
  const path = /^GET .(\\w+)/.exec(data)[1];
  const length = (text, status = '200 OK') => 'HTTP/1.1 ' + status + '\\r\\nContent-Length: 4\\r\\nX-Release: 1\\r\\n\\r\\n' + text;
  const replies = {
    good: length('good'), empty: '', short: length('sh'), error: length('oops', '503 No'), missing: length('none', '404 No'),
    chunks: 'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n4\\r\\nsome\\r\\n', garbage: 'SSH-2.0\\r\\n\\r\\n',
  };
  if (path !== 'silent') socket.end(replies[path]);
})).listen('/run/faults.sock');

// Closing a unix socket with unread bytes is a reset.
require('net').createServer({ pauseOnConnect: true }, (socket) => setTimeout(() => socket.destroy(), 50)).listen('/run/reset.sock');
`;
