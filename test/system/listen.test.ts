// An app's socket moves to another address: A5, and what an apply must not do to others' addresses.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { configure, deploy, type IniOverrides } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { startLoad, type LoadOptions } from '../lab/load.js';
import { LONG, OLDEST, statusOf, whole } from './whole.js';

const OLD = '/run/wsgi/shop.sock';
const NEW = '127.0.0.1:8200';
const PROCESSES = LONG ? 4 : 2;
const QUICK: IniOverrides = { workers: { processes: PROCESSES }, ...(LONG ? {} : { reload: { settle: '100ms' } }) };
const MOVED: IniOverrides = { ...QUICK, socket: { listen: NEW } };
const CLIENTS: LoadOptions = { fast: 4, pauseMs: 20 };

/** Where the apply dies, and which address must answer from then on. */
const PLACES = [
  { name: 'the ledger knows of the move', call: 'renameSync', when: 'after', pattern: '/socket-move$', nth: 1, serves: OLD },
  { name: 'the drop-in with both is written', call: 'renameSync', when: 'after', pattern: '/10-wsgictl\\.conf$', nth: 1, serves: OLD },
  { name: 'the socket has both', call: 'renameSync', when: 'before', pattern: '/10-wsgictl\\.conf$', nth: 2, serves: NEW },
  { name: 'the drop-in with the new one is written', call: 'renameSync', when: 'after', pattern: '/10-wsgictl\\.conf$', nth: 2, serves: NEW },
  { name: 'the workers know the new one only', call: 'rmSync', when: 'before', pattern: '/socket-move$', nth: 1, serves: NEW },
] as const;

for (const release of OLDEST) {
  describe(`addresses on ${release}`, { timeout: 1_800_000 }, () => {
    let lab: Lab;

    before(async () => {
      lab = await Lab.boot(release);
      await lab.write('/usr/local/lib/kill-at.cjs', readFileSync(new URL('../../../test/system/kill-at.cjs', import.meta.url), 'utf8'));
      await deploy(lab, 1, { importDelay: LONG ? 1 : 0 });
      await configure(lab, QUICK);
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    async function applied(): Promise<string> {
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'apply'], { timeout: 120_000 });
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    }

    const ask = (address: string, path = '/fast'): Promise<Result> =>
      lab.run(['curl', '-sS', ...(address.startsWith('/') ? ['--unix-socket', address, `http://localhost${path}`] : [`http://${address}${path}`])]);

    /** All of the app listens on this address, and on no other. */
    async function wholeOn(address: string, other: string): Promise<void> {
      await whole(lab, PROCESSES, address);
      assert.equal((await ask(address)).stdout, 'fast\n');
      assert.equal((await ask(other)).code, 7, `${other} answers`);
      assert.match((await ask(address, '/who')).stdout, /"LISTEN_FDS": "1"/);
      assert.match(await lab.sh('systemctl show -P Listen wsgi-app@shop.socket'), new RegExp(`^${address} \\(Stream\\)\\s*$`));
      assert.equal(await lab.sh('ls /var/lib/wsgictl/shop | grep move || true'), '');
      assert.match(await applied(), /^nothing to do/);
    }

    async function killed(place: (typeof PLACES)[number]): Promise<void> {
      const { name, serves: _serves, ...order } = place;
      await lab.write('/run/kill-at', JSON.stringify({ command: 'apply', ...order }));
      const { code } = await lab.run(['wsgictl', 'apply'], { env: { NODE_OPTIONS: '--require /usr/local/lib/kill-at.cjs' } });
      assert.equal(code, 137, name);
    }

    /** What a worker is given that systemd restarts after a kill. */
    async function afterKill(address: string): Promise<string> {
      const [victim] = (await statusOf(lab)).workers;
      const unit = victim?.unit as string;
      await lab.sh(`kill -9 ${victim?.pid}`);
      const load = startLoad(lab, { ...CLIENTS, ...(address === OLD ? {} : { port: 8200 }) });
      await lab.waitFor('it is back', async () => {
        const found = (await statusOf(lab)).workers.find((worker) => worker.unit === unit);
        return found?.phase === 'ready' && found.pid !== victim?.pid;
      });
      assert.deepEqual((await load.stop()).failures, [], address);
      const environment = await lab.sh(`tr '\\0' '\\n' <"/proc/$(systemctl show -P MainPID ${unit})/environ"`);
      return /^LISTEN_FDS=(\d+)$/m.exec(environment)?.[1] ?? 'none';
    }

    for (const place of LONG ? PLACES : []) {
      it(`A5: apply is killed when ${place.name}, then a daemon-reload, then a worker`, async () => {
        await configure(lab, MOVED);
        await killed(place);
        const load = startLoad(lab, { ...CLIENTS, ...(place.serves === OLD ? {} : { port: 8200 }) });
        await load.started();
        await lab.sh('systemctl daemon-reload');
        assert.deepEqual((await load.stop()).failures, [], place.serves);
        const given = await afterKill(place.serves);
        assert.equal(given, place.name === 'the socket has both' ? '2' : '1');
        const status = await statusOf(lab);
        assert.match(status.notes.join('\n'), /a move of its socket was cut off and is unfinished: wsgictl apply shop/);
        assert.equal(status.code, 1);
        assert.match(await applied(), /the socket moves: .* -> 127\.0\.0\.1:8200: clients must follow/);
        await wholeOn(NEW, OLD);
        await configure(lab, QUICK);
        await applied();
        await wholeOn(OLD, NEW);
      });
    }

    it('A5: a move loses no request that a worker has, and each address answers until its clients must follow', async (t) => {
      const [slow, fast] = [startLoad(lab, { fast: 0, slow: [{ path: '/file?2', clients: 1 }] }), startLoad(lab, CLIENTS)];
      await fast.started();
      await configure(lab, MOVED);
      const began = Date.now();
      const plan = await applied();
      t.diagnostic(`${release}: moved in ${Date.now() - began} ms`);
      assert.match(plan, /^ +the socket moves: \/run\/wsgi\/shop\.sock -> 127\.0\.0\.1:8200: clients must follow/m);
      assert.match(plan, /^ +\+ ListenStream=127\.0\.0\.1:8200$/m);
      const [cut, refused] = [await slow.stop(), await fast.stop()];
      assert.deepEqual(cut.failures.filter(({ kind }) => kind !== 'refused' && kind !== 'reset'), []);
      const first = refused.failures.filter(({ at }) => at - began < 60_000).map(({ kind }) => kind);
      t.diagnostic(`${release}: longest gap on the old address ${refused.longestGap} ms, then ${[...new Set(first)].join(', ')}`);
      await wholeOn(NEW, OLD);
    });

    it('a reload does not move the socket, and status says that apply must', async () => {
      await configure(lab, QUICK);
      await lab.sh('systemctl reload wsgi-app@shop');
      assert.match(await lab.journal(['-u', 'wsgi-app@shop', '-n', '60']), /shop: the socket is to change, which a roll does not: wsgictl apply shop/);
      assert.equal((await ask(NEW)).stdout, 'fast\n');
      assert.match((await statusOf(lab)).notes.join('\n'), /changed since generation \d+: wsgictl apply shop/);
      await applied();
      await wholeOn(OLD, NEW);
    });

    it('mode, owner and backlog of the socket change while clients are served, and stay so', async () => {
      const stat = async (): Promise<string[]> => (await lab.sh(`stat -c '%a %U:%G %i' ${OLD}`)).trim().split(' ');
      const pids = async (): Promise<number[]> => (await statusOf(lab)).workers.map(({ pid }) => pid);
      const backlog = async (): Promise<string> => (await lab.sh(`ss -xlH src ${OLD} | awk '{ print $4 }'`)).trim();
      const load = startLoad(lab, { fast: 8, pauseMs: 5, keepAlive: { clients: 2, pauseMs: 20 } });
      await load.started();
      const [[, , inode], served] = [await stat(), await pids()];
      const open: IniOverrides = { ...QUICK, socket: { mode: '0666', user: 'deploy', group: 'deploy' } };
      await configure(lab, open);
      const plan = await applied();
      assert.match(plan, /^ +the socket changes in place: no client notices$/m);
      assert.match(plan, /^ +\+ SocketMode=0666$/m);
      assert.deepEqual(await stat(), ['666', 'deploy:deploy', inode]);
      assert.deepEqual(await pids(), served, 'no worker was replaced');
      // Cut off after its drop-in was read: the next one does the rest.
      await lab.sh(`chmod 600 ${OLD}; chgrp root ${OLD}`);
      assert.match(await applied(), /the socket changes in place/);
      assert.deepEqual(await stat(), ['666', 'deploy:deploy', inode]);
      await configure(lab, { ...open, socket: { ...open.socket, group: 'no-such-group' } });
      assert.notEqual((await lab.run(['wsgictl', 'apply'])).code, 0);
      assert.deepEqual(await stat(), ['666', 'deploy:deploy', inode]);
      await configure(lab, { ...open, socket: { ...open.socket, backlog: 77 } });
      await applied();
      assert.deepEqual([await backlog(), ...(await stat())], ['77', '666', 'deploy:deploy', inode]);
      assert.deepEqual((await load.stop()).failures, []);
      assert.match(await applied(), /^nothing to do/);
      await lab.sh('wsgictl stop shop; wsgictl start shop');
      assert.deepEqual((await stat()).slice(0, 2), ['666', 'deploy:deploy']);
      assert.equal(await lab.sh('systemctl show -P Backlog wsgi-app@shop.socket'), '77\n');
      await configure(lab, QUICK);
      await applied();
      assert.deepEqual((await stat()).slice(0, 2), ['660', 'root:www-data']);
      await wholeOn(OLD, NEW);
    });

    it('an address that somebody else has is found before anything is changed', async () => {
      await lab.sh(`systemd-run --unit=squatter --collect python3 -m http.server --bind 127.0.0.1 8200`);
      await lab.waitFor('squatter listens', async () => (await ask(NEW)).code === 0);
      await configure(lab, MOVED);
      const { code, stderr } = await lab.run(['wsgictl', 'apply']);
      assert.equal(code, 1);
      assert.match(stderr, /shop: cannot listen on 127\.0\.0\.1:8200: EADDRINUSE/);
      await whole(lab, PROCESSES, 'refused');
      assert.equal((await ask(OLD)).stdout, 'fast\n');
      await lab.sh('systemctl stop squatter');
      await configure(lab, QUICK);
      assert.match(await applied(), /^nothing to do/);
    });

    it('a first apply takes no address of a server that runs', async () => {
      const server = "import os, socketserver, sys; os.umask(0); socketserver.UnixStreamServer(sys.argv[1], type('H', (socketserver.BaseRequestHandler,), {'handle': lambda self: self.request.sendall(b'old')})).serve_forever()";
      await lab.sh(`systemd-run --unit=old-server --collect python3 -c "$SERVER" /run/old.sock`, { env: { SERVER: server } });
      const asked = async (): Promise<string> => (await lab.run(['python3', '-c', "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/old.sock'); print(s.recv(9))"])).stdout;
      await lab.waitFor('the old server listens', async () => (await asked()) === "b'old'\n");
      await configure(lab, { ...QUICK, app: { directory: '/srv/shop/current' }, socket: { listen: '/var/run/old.sock' } }, 'fresh');
      const { code, stderr } = await lab.run(['wsgictl', 'apply', 'fresh']);
      assert.equal(code, 1);
      assert.match(stderr, /^fresh: cannot listen on \/run\/old\.sock: python3 \(pid \d+\) listens there$/m);
      assert.equal(await asked(), "b'old'\n");
      assert.equal((await lab.run(['systemctl', 'is-active', 'wsgi-app@fresh.socket'])).stdout, 'inactive\n');
      // What a server left behind that was killed is in nobody's way.
      await lab.sh('systemctl kill -s KILL old-server; while systemctl is-active -q old-server; do sleep 0.1; done; test -S /run/old.sock; wsgictl apply fresh');
      assert.equal((await ask('/run/old.sock')).stdout, 'fast\n');
      await lab.sh('wsgictl remove fresh');
    });

    it('an address that the network brings later, and one beside which another cannot be open', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      const FAR = '10.99.0.1:8300';
      const far = (...listen: string[]): Promise<void> => configure(lab, { app: { directory: '/srv/shop/current' }, workers: { processes: 1 }, reload: { settle: '100ms' }, socket: { listen } }, 'far');
      await far(FAR);
      const early = await lab.run(['wsgictl', 'apply', 'far']);
      assert.match(early.stderr, /far: cannot listen on 10\.99\.0\.1:8300: EADDRNOTAVAIL/);
      await lab.sh('ip address add 10.99.0.1/32 dev lo; wsgictl apply far; wsgictl stop far; ip address del 10.99.0.1/32 dev lo; wsgictl start far');
      await lab.sh('ip address add 10.99.0.1/32 dev lo');
      assert.equal((await ask(FAR)).stdout, 'fast\n');
      await far('0.0.0.0:8300', '[::]:8300');
      assert.match((await lab.run(['wsgictl', 'apply', 'far'], { timeout: 120_000 })).stdout, /The old one is closed before the new one is opened/);
      for (const address of [FAR, '127.0.0.1:8300', '[::1]:8300']) assert.equal((await ask(address)).stdout, 'fast\n', address);
      await lab.sh('wsgictl remove far');
    });

    it('two apps with one address: check and apply say so, and the one that serves goes on', async () => {
      await configure(lab, { ...QUICK, app: { directory: '/srv/shop/current' }, socket: { listen: OLD } }, 'copy');
      const fault = /^\/etc\/wsgictl\/apps\.d\/copy\.ini:\d+: \/run\/wsgi\/shop\.sock is also listened on by the app shop; give each/m;
      for (const words of [['check'], ['check', 'copy'], ['apply'], ['apply', 'copy']]) {
        const { code, stderr } = await lab.run(['wsgictl', ...words]);
        assert.equal(code, 3, words.join(' '));
        assert.match(stderr, fault, words.join(' '));
      }
      await whole(lab, PROCESSES, 'beside a clash');
      await deploy(lab, 2, { importDelay: 0 });
      assert.equal((await lab.run(['wsgictl', 'apply', 'shop'])).code, 0, 'the other one is not to blame');
      await lab.sh('rm /etc/wsgictl/apps.d/copy.ini');
      assert.match(await applied(), /^nothing to do/);
    });

    it('a stopped app moves at once, and starts where it is to listen', async () => {
      await lab.sh('wsgictl stop shop');
      await configure(lab, MOVED);
      await applied();
      await lab.sh('wsgictl start shop');
      await wholeOn(NEW, OLD);
    });
  });
}
