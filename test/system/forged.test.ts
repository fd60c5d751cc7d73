// What apps and strangers write, and what of it an administrator is shown: nothing raw, and nothing in another's name.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { configure, deploy } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { NEWEST } from './whole.js';

/** A terminal cleared, its clipboard written, commands in C1 and in two directions; then a line of wsgictl's own. */
const EVIL = '\u001b[2J\u001b]52;c;cm0gLXJmIC8K\u0007pwned\u009b31m\u202e\u2028shop: done: fine\u007f';
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/u;

const EVIL_APP = `
import os, socket, threading, time
EVIL = ${JSON.stringify(EVIL).replace(/[\u007f-\uffff]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}
def tell():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        while True:
            client.sendto(f"STATUS={EVIL}".encode(), "/run/systemd/notify")
            time.sleep(0.05)
threading.Thread(target=tell, daemon=True).start()
def application(environ, start_response):
    if environ["PATH_INFO"].startswith("/slow"):
        time.sleep(30)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
`;

const ASK = `
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect("/run/wsgi/shop.sock")
client.sendall(b"GET /slow\\x9b31m HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
client.recv(1)
`;

const CONFIG = '/srv/shop/gunicorn.conf.py';

/** In the cgroup of the check, deaf to SIGTERM; ARGUMENT: whether the check itself has an end. */
const hostileConfig = (ends: boolean): string => `
import os, signal, socket, time
with open("/proc/self/cmdline", "rb") as command:
    checking = b"--check" in command.read()
if checking:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0 or not ${ends ? 'True' : 'False'}:
        for number in range(3):
            os.close(number)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            while True:
                client.sendto(b"EXTEND_TIMEOUT_USEC=60000000", "/run/systemd/notify")
                time.sleep(0.2)
`;

for (const release of NEWEST) {
  describe(`what others say, on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;

    before(async () => {
      lab = await Lab.boot(release);
      await lab.write('/usr/local/bin/forged.py', readFileSync(new URL('../../../test/system/forged.py', import.meta.url), 'utf8'), 0o755);
      await lab.sh('useradd --system --create-home eve; loginctl enable-linger eve');
      await configured();
      await deploy(lab, 1, { importDelay: 0 });
      await lab.sh('wsgictl apply shop');
    });
    after(async () => lab.stop());

    async function configured(app: Readonly<Record<string, string>> = {}, service: Readonly<Record<string, string>> = { MemoryMax: '500M' }): Promise<void> {
      await configure(lab, {
        app, service, workers: { processes: 1 }, reload: { 'graceful-timeout': '4s', 'interrupt-timeout': '1s', settle: '100ms' }, health: { 'warm-up': null },
      });
    }

    it('what is told of a worker and by systemd is their own, whoever speaks in their names', async () => {
      const uid = (await lab.sh('id -u eve')).trim();
      const eve = { user: 'eve', env: { XDG_RUNTIME_DIR: `/run/user/${uid}` } };
      const fields = lab.spawn(['python3', '/usr/local/bin/forged.py', 'fields'], { user: 'eve' });
      await lab.run(['systemd-run', '--user', '--quiet', '--unit=forged', 'python3', '/usr/local/bin/forged.py', 'link'], eve);
      await deploy(lab, 2, { broken: 'import', importDelay: 2 });
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply', 'shop']);
      fields.kill('SIGKILL');
      await lab.run(['systemctl', '--user', 'stop', 'forged'], eve);

      const said = stdout + stderr;
      assert.equal(code, 4, said);
      assert.match(said, /the last lines of wsgi-worker-shop-\d+@1\.service:\n(?: .*\n)*.*RuntimeError: release 2 is broken/);
      assert.doesNotMatch(said, /\beve\b/);
      // She was there; journald itself believes the link, so the invocation alone vouches for nothing.
      const run = /"invocation":"([0-9a-f]{32})"/.exec(await lab.sh('cat $(ls -v /var/lib/wsgictl/shop/rolls/*.jsonl | tail -n 1)'))?.[1] ?? '';
      assert.match(await lab.journal([`INVOCATION_ID=${run}`]), /eve by fields/);
      assert.match(await lab.journal([`_SYSTEMD_INVOCATION_ID=${run}`]), /eve by a link/);
      assert.match(await lab.journal(['-n', '1', '-g', 'eve.does.not.like']), /MemoryMax|wsgi-check-/);
    });

    it('what systemd takes amiss in [service] is still told', async () => {
      await deploy(lab, 3, { importDelay: 0 });
      await configured({}, { MemoryMax: '12q' });
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'check', 'shop']);
      assert.equal(code, 3, stdout);
      assert.match(stderr, /shop\.ini:\d+: systemd does not take this MemoryMax: Invalid memory limit/);
      await configured();
    });

    it('what an app says of itself, throws and is asked for reaches no terminal raw', async () => {
      await deploy(lab, 4, { importDelay: 0 });
      await lab.write('/srv/shop/releases/4/app.py', EVIL_APP);
      await lab.sh('wsgictl apply shop');
      const client = lab.spawn(['python3', '-c', ASK]);
      await lab.waitFor('a request is in flight', async () => /pwned/.test(await lab.sh('systemctl show -P StatusText "wsgi-worker-shop-*@1.service"')));
      // On a terminal, while the old worker drains.
      const roll = lab.run(['script', '-qec', 'wsgictl reload shop', '/dev/null'], { env: { TERM: 'xterm' } });
      let shown = '';
      let json = '';
      await lab.waitFor('the status of the leaving worker is shown', async () => {
        [shown, json] = await Promise.all([lab.run(['wsgictl', 'status', 'shop']), lab.run(['wsgictl', 'status', '--json', 'shop'])]).then((all) => all.map(({ stdout }) => stdout) as [string, string]);
        return /pwned/.test(shown) && /pwned/.test(json);
      });
      assert.match(shown, /, <U\+001B>\[2J<U\+001B>\]52;c;cm0gLXJmIC8K<U\+0007>pwned<U\+009B>31m<U\+202E> ?/);
      assert.doesNotMatch(shown, RAW);
      assert.doesNotMatch(shown, /^shop: done/m);
      assert.doesNotMatch(json, RAW);
      assert.match((JSON.parse(json) as { workers: { note: string | null }[] }[])[0]?.workers.map(({ note }) => note).join() ?? '', /\u001b\[2J.*pwned\u009b/);
      const { code, stdout } = await roll;
      assert.equal(code, 0, stdout);
      assert.match(stdout, /<U\+001B>\[2J.*pwned/);
      // Of what drives a terminal, only what the live lines are drawn with.
      assert.doesNotMatch(stdout.replace(/\u001b\[\d+A\u001b\[J|\r\n/g, ''), RAW);
      client.kill('SIGKILL');

      const journal = await lab.run(['journalctl', '-o', 'json', '--output-fields=MESSAGE', '-u', 'wsgi-worker-shop-*', '-g', 'interrupted after']);
      assert.match(journal.stdout, /GET \/slow<U\+009B>31m/);
      assert.doesNotMatch(journal.stdout, RAW);
    });

    it('what a release throws and prints reaches no terminal raw, nor without an end', async () => {
      await deploy(lab, 5, { importDelay: 0 });
      await lab.write('/srv/shop/releases/5/app.py', `import sys\nfor _ in range(60):\n    sys.stderr.buffer.write(b"\\xff\\x9b" * 24000 + b"\\n")\nsys.stderr.flush()\nraise RuntimeError(${JSON.stringify(EVIL)} + "\\nshop: done: fine\\n" + "x" * 100000)\n`);
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply', 'shop']);
      assert.equal(code, 4, stdout + stderr);
      assert.doesNotMatch(stdout + stderr, RAW);
      assert.match(stderr, /<U\+001B>\[2J/);
      assert.doesNotMatch(stdout + stderr, /^(?:wsgictl: )?shop: done/m);
      assert.ok(stderr.length < 100_000, `${stderr.length} characters`);
      assert.doesNotMatch(await lab.sh('cat /var/lib/wsgictl/shop/rolls/* /run/wsgi/failed/shop'), RAW);
    });

    it('a check ends, and nothing of it is left, whatever gunicorn.conf.py does', async () => {
      await deploy(lab, 6, { importDelay: 0 });
      await configured({ 'gunicorn-config': CONFIG });
      await lab.write(CONFIG, hostileConfig(true), 0o644);
      const began = Date.now();
      const fine = await lab.run(['wsgictl', 'check', 'shop'], { timeout: 120_000 });
      assert.deepEqual([fine.code, fine.stderr], [0, ''], fine.stdout);
      assert.ok(Date.now() - began < 30_000, `${Date.now() - began} ms`);
      await nothingLeft();

      await lab.write(CONFIG, hostileConfig(false), 0o644);
      // One that is killed itself: the next one ends what it left.
      const killed = lab.spawn(['wsgictl', 'check', 'shop']);
      await lab.waitFor('its unit runs', async () => (await lab.sh('systemctl list-units --plain --no-legend "wsgi-check-*"')) !== '');
      killed.kill('SIGKILL');
      await lab.waitFor('it is gone', async () => (await lab.run(['pgrep', '-f', 'wsgictl[ ]check'])).code === 1);
      assert.match(await lab.sh('ls /run/systemd/system'), /wsgi-check-/);

      // Another one that runs is known by its number and when it was started, whatever it is called.
      const sleeper = lab.spawn(['sh', '-c', 'start=$(cut -d" " -f22 /proc/$$/stat); cd /run/systemd/system; touch wsgi-check-a:$$:$start:x-0@.service wsgi-check-b:$$:1$start:x-0@.service; exec sleep 300']);
      await lab.waitFor('its files', async () => /wsgi-check-b/.test(await lab.sh('ls /run/systemd/system')));

      const again = Date.now();
      const late = await lab.run(['wsgictl', 'check', 'shop'], { timeout: 120_000 });
      assert.equal(late.code, 3, late.stdout);
      assert.match(late.stderr, /^shop: cannot run \S+ for shop: it was not done after 19 s, and was ended/m);
      assert.ok(Date.now() - again < 60_000, `${Date.now() - again} ms`);
      assert.match(await lab.sh('cd /run/systemd/system; ls -d wsgi-check-*; rm wsgi-check-a*'), /^wsgi-check-a:\d+:\d+:x-0@\.service\n$/);
      sleeper.kill('SIGKILL');
      await nothingLeft();
    });

    async function nothingLeft(): Promise<void> {
      assert.equal(await lab.sh('systemctl list-units --all --plain --no-legend "wsgi-check-*"; ls /run/systemd/system | grep wsgi-check || true'), '');
      assert.equal((await lab.run(['pgrep', '-f', '[-]-check'])).code, 1);
    }
  });
}
