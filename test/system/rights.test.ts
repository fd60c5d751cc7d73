// What an account without root may do: by the request to root, and with polkit's own daemon, as it is in the distribution.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { LONG, NEWEST, statusOf, whole } from './whole.js';

const PROCESSES = 2;
const BY_REQUEST = ['reload shop', 'restart shop', 'stop shop', 'start blog', 'rollback shop 1'].map((rest) => `wsgictl ${rest}`);
const MODES = ['fail', 'replace', 'replace-irreversibly', 'isolate', 'ignore-dependencies', 'ignore-requirements', 'flush', 'triggering'];
const VERBS = [
  'reload', 'start', 'stop', 'restart', 'try-restart', 'reload-or-restart', 'try-reload-or-restart', 'kill', 'enable', 'disable', 'mask', 'revert', 'freeze',
  'isolate', 'reset-failed',
];
const MANAGER = 'busctl --no-pager call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager';
/** What is refused to everybody but root, members of the group too. */
const REFUSED = [
  'wsgictl apply shop', 'wsgictl remove shop', 'wsgictl apply', 'wsgictl reload nosuch', 'wsgictl reload ../shop', 'wsgictl stop new', 'wsgictl start new',
  ...VERBS.map((verb) => `systemctl --no-ask-password ${verb} wsgi-app@shop.service`),
  ...MODES.map((mode) => `systemctl --no-ask-password --no-block --job-mode=${mode} reload wsgi-app@shop.service`),
  ...[
    'set-property wsgi-app@shop.service MemoryMax=1G', 'reload wsgi-app.target', 'reload wsgi-app-verdict.service', 'reload wsgi-worker-shop-1@1.service',
    'kill wsgi-worker-shop-1@1.service', 'stop wsgi-app@shop.socket', 'stop wsgi-request.socket', 'start wsgi-app-touch@shop.service', 'reload wsgi-app@nosuch.service',
    'start wsgi-request@1-1-0.service', 'start wsgi-app@blog.service', 'reload wsgi-app@../../etc/x.service', 'reload dbus.service', 'daemon-reload',
  ].map((rest) => `systemctl --no-ask-password ${rest}`),
  `${MANAGER} EnqueueUnitJob sss wsgi-app@shop.service reload replace`, `${MANAGER} EnqueueUnitJob sss wsgi-app@shop.service stop replace`,
  `${MANAGER} ReloadUnit ss wsgi-app@shop.service flush`, `${MANAGER} ReloadOrRestartUnit ss wsgi-app@shop.service replace`,
  `${MANAGER} KillUnit ssi wsgi-app@shop.service all 9`, `${MANAGER} StartUnit ss wsgi-app@blog.service replace`,
  `${MANAGER} SetUnitProperties sba(sv) wsgi-app@shop.service true 0`,
];
/** What is no request, whatever the group: some of what the unit test has, and what only a connection can be. */
const GARBAGE = [
  '', 'reload shop', 'reload shop\nstop blog\n', 'reload shop flush\n', 'reload wsgi-app@shop.service\n', 'reload ../shop\n', 'reload \u001b[2Jshop\n', '\xff\xfe\n',
  'GET / HTTP/1.1\r\n\r\n', 'x'.repeat(1_000_000),
];

/** Sends each of the lines of JSON by a connection of its own, and prints the answers. */
const SEND = `
import json, socket, sys
for text in map(json.loads, sys.stdin):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect('/run/wsgi/request')
    try:
        peer.sendall(text.encode('latin-1'))
        peer.shutdown(socket.SHUT_WR)
        print(peer.makefile().read().removeprefix('ready\\n').strip() or 'nothing')
    except OSError as error:
        print(type(error).__name__)
`;
/** Connects as often as it can for some seconds, says nothing, and keeps the connections. */
const FLOOD = `
import socket, time
end, kept = time.monotonic() + 4, []
print('begun', flush=True)
while time.monotonic() < end:
    peer = socket.socket(socket.AF_UNIX)
    kept.append(peer)
    try:
        peer.connect('/run/wsgi/request')
    except OSError:
        time.sleep(0.01)
    if len(kept) > 500:
        kept.clear()
`;

for (const release of NEWEST) {
  describe(`without root on ${release}`, { timeout: 400_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await lab.sh('useradd bob; useradd eve');
      for (const app of ['shop', 'blog']) {
        await deploy(lab, 1, { app, importDelay: 0.1 });
        await configure(lab, { workers: { processes: PROCESSES }, reload: { settle: '100ms' } }, app);
      }
      await lab.sh('wsgictl apply && wsgictl stop blog', { timeout: 120_000 });
      await configure(lab, {}, 'new'); // never applied
    });
    after(async () => lab.stop());

    const as = async (user: string, command: string): Promise<Result> => lab.run(command.split(' '), { user, timeout: 90_000 });
    const member = async (command: string): Promise<string> => {
      const { code, stdout, stderr } = await as('alice', command);
      assert.equal(code, 0, `${command}: ${stdout}${stderr}`);
      return stdout;
    };
    /** Nothing that is done by `act` changes anything of the apps, or leaves a job. */
    const unmoved = async (act: () => Promise<void>): Promise<void> => {
      const before = await statusOf(lab);
      await act();
      assert.deepEqual((await statusOf(lab)).workers, before.workers);
      assert.equal((await lab.sh('systemctl is-active wsgi-app@blog || true; systemctl list-jobs --no-legend')).trim(), 'inactive');
    };
    const refuses = async (user: string, commands: readonly string[]): Promise<void> => unmoved(async () => {
      // One shell for all of them, so that it takes seconds.
      const script = 'while read -r line; do out=$(timeout 30 $line </dev/null 2>&1); echo "$? $line: ${out//$\'\\n\'/ }"; done';
      const { stdout } = await lab.run(['bash', '--norc', '-c', script], { user, input: `${commands.join('\n')}\n`, timeout: 200_000 });
      const said = stdout.trim().split('\n');
      assert.equal(said.length, commands.length, stdout);
      assert.deepEqual(said.filter((line) => /^(0|124) |this is a bug/i.test(line)), []);
    });
    const sends = async (user: string, texts: readonly string[]): Promise<string[]> => {
      const { stdout, stderr } = await lab.run(['python3', '-c', SEND], { user, input: texts.map((text) => `${JSON.stringify(text)}\n`).join(''), timeout: 120_000 });
      assert.equal(stderr, '');
      return stdout.trim().split('\n');
    };

    it('without the group the socket is root\'s, and nothing fails; status needs no rights', async () => {
      assert.equal((await lab.sh('stat -c "%U %G %a" /run/wsgi/request')).trim(), 'root root 660');
      assert.equal((await lab.sh('systemctl is-active wsgi-request.socket; systemctl --failed --no-legend')).trim(), 'active');
      const refused = await as('alice', 'wsgictl reload shop');
      assert.match(refused.stderr, /cannot reload shop: that needs root, or the group wsgictl\n.*groupadd --system wsgictl; .*usermod --append --groups wsgictl alice/);
      await lab.sh('groupadd --system wsgictl; systemctl restart wsgi-request.socket; for one in alice bob; do usermod --append --groups wsgictl $one; done');
      assert.match((await as('eve', 'wsgictl status shop')).stdout, /shop: active, generation 1, 2 of 2 workers ready/);
      // What an account may not see is no fault of the app.
      await lab.sh('chmod 0700 /srv/shop/releases; chmod 0600 /etc/wsgictl/apps.d/shop.ini');
      const unseen = await as('eve', 'wsgictl status --json shop');
      assert.equal(unseen.code, 0, unseen.stdout);
      await lab.sh('chmod 0755 /srv/shop/releases; chmod 0644 /etc/wsgictl/apps.d/shop.ini');
    });

    it('who is not in the group may do nothing, and is told how to get there', async () => {
      await deploy(lab, 2, { importDelay: 0.1 }); // or an apply would have nothing to do
      await refuses('eve', [...BY_REQUEST, ...(LONG ? REFUSED : [])]);
      assert.match((await as('eve', 'wsgictl stop shop')).stderr, /cannot stop shop: .*\n +as root: usermod --append --groups wsgictl eve; then log in again\n/);
    });

    it('a member of the group may do nothing but the five, and nothing by systemctl', async () => {
      await refuses('alice', REFUSED);
    });

    it('each of the five does for a member what it does for root, to the exit code; the journal says who asked', async () => {
      assert.match(await member('wsgictl reload shop'), /done: generation 2 serves/);
      assert.equal((await whole(lab, PROCESSES, 'reloaded')).generation, 2);
      assert.match(await member('wsgictl rollback shop'), /done: generation 3 serves/);
      const { workers } = await whole(lab, PROCESSES, 'rolled back');
      await member('wsgictl restart shop');
      assert.notDeepEqual((await whole(lab, PROCESSES, 'restarted')).workers, workers);
      await member('wsgictl stop shop');
      assert.match((await as('alice', 'wsgictl reload shop')).stderr, /cannot reload shop: it is not running\n +wsgictl start shop/);
      assert.match(await member('wsgictl start shop'), /done: generation 3 serves/);
      await deploy(lab, 3, { broken: 'import' });
      const failed = await as('alice', 'wsgictl reload shop');
      assert.equal(failed.code, 4, failed.stdout + failed.stderr);
      await deploy(lab, 4, { importDelay: 0.1 });
      assert.match(await member('wsgictl reload shop --no-wait'), /generation 5 serves now/);
      const asked = await lab.journal(['-t', 'wsgi-request']);
      for (const line of ['reload shop', 'rollback shop 1', 'restart shop', 'stop shop', 'start shop']) assert.match(asked, new RegExp(`^alice \\(uid \\d+\\): ${line}$`, 'm'));
    });

    it('what is no request does nothing, and stands nowhere as it came', async () => {
      await unmoved(async () => {
        const answers = await sends('alice', GARBAGE);
        assert.equal(answers.length, GARBAGE.length);
        assert.deepEqual(answers.filter((answer) => !/^(\{"error":"that is no request"\}|nothing|ConnectionResetError|BrokenPipeError)$/.test(answer)), []);
        const [first, unknown] = await sends('alice', ['rollback shop 77\n', 'stop nosuch\n']);
        assert.match(`${first}${unknown}`, /shop has no generation 77.*there is no app nosuch/);
      });
      const logged = await lab.journal(['-t', 'wsgi-request']);
      assert.doesNotMatch(logged, /[^\n -~]|flush|HTTP|xxx/);
    });

    it('silence and a flood keep root from nothing, and others only while they last', async () => {
      const flood = lab.spawn(['python3', '-c', FLOOD], { user: 'bob' });
      const ended = new Promise((resolve) => flood.once('exit', resolve));
      await new Promise((resolve) => flood.stdout?.once('data', resolve));
      await lab.sh('wsgictl reload shop', { timeout: 60_000 });
      await ended;
      assert.match(await lab.journal(['-u', 'wsgi-request.socket']), /Trigger limit hit/);
      assert.match(await member('wsgictl reload shop'), /done: generation \d+ serves/);
      await whole(lab, PROCESSES, 'after the flood');
      assert.equal((await lab.sh('systemctl --failed --no-legend; systemctl list-units --no-legend "wsgi-request@*"')).trim(), '');
    });
  });
}
