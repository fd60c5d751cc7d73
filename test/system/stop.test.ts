// What stops an app, and what must be gone when it returns: A3, B1, 6.5.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { configure, deploy, traces, truncated, type DeployOptions } from '../lab/fixture.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { l16, startLoad, type LoadReport } from '../lab/load.js';
import { dealt, LONG, remains, whole } from './whole.js';

const APP = 'wsgi-app@shop.service';
const TARGET = 'wsgi-app.target';
const PROCESSES = LONG ? 4 : 2;
const KNOCKS_MS = LONG ? 5_000 : 2_000;
const IMPORT = LONG ? 3 : 1;

type Moment = 'idle' | 'under load' | 'in mid-start' | 'while it retires' | 'when it fails to start' | `${number} s into a roll`;

const STOPS: readonly (readonly [unit: string, moment: Moment])[] = LONG
  ? [APP, TARGET].flatMap((unit) =>
    (['idle', 'under load', 'in mid-start', 'while it retires', 'when it fails to start', '0.5 s into a roll', '2 s into a roll',
      '4 s into a roll', '6 s into a roll'] as const).map((moment) => [unit, moment] as const))
  : [[APP, 'idle'], [TARGET, 'under load'], [TARGET, 'in mid-start'], [APP, 'in mid-start'], [APP, '0.5 s into a roll'], [TARGET, '2 s into a roll'],
    [APP, 'while it retires'], [APP, 'when it fails to start']];

for (const release of RELEASES) {
  describe(`a stop on ${release}`, { timeout: 3_600_000 }, () => {
    let lab: Lab;

    before(async () => {
      lab = await Lab.boot(release);
      await configure(lab, { workers: { processes: PROCESSES }, ...(LONG ? {} : { reload: { settle: '200ms' } }) });
      await deploy(lab, 1, { importDelay: 0 });
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    /** The release that serves, changed in place: that is what the next worker runs. */
    const change = (options: DeployOptions): Promise<void> => deploy(lab, 1, options);

    /** A request that takes so long and is in a worker's hands when this resolves; its end is the report's. */
    async function inFlight(seconds: number, port?: number): Promise<Promise<LoadReport>> {
      const known = (await traces(lab)).length;
      const load = startLoad(lab, { fast: 0, slow: [{ path: `/file?${seconds}`, clients: 1 }], ...(port === undefined ? {} : { port }) });
      await lab.waitFor('a request in flight', async () => (await traces(lab)).length > known);
      const end = load.stop();
      end.catch(() => {}); // whoever awaits it hears of it
      return end;
    }

    const lastRoll = (): Promise<string> => lab.sh('cd /var/lib/wsgictl/shop/rolls; cat "$(ls *.jsonl | sort -n | tail -n 1)"');

    async function reach(moment: Moment): Promise<Promise<LoadReport> | null> {
      switch (moment) {
        case 'idle':
          return null;
        case 'under load':
          return inFlight(3);
        case 'in mid-start':
          await lab.sh('systemctl stop wsgi-app@shop');
          await change({ importDelay: IMPORT });
          await lab.sh('systemctl start --no-block wsgi-app@shop');
          await wait(IMPORT * 500);
          return null;
        case 'when it fails to start':
          await lab.sh('systemctl stop wsgi-app@shop');
          await change({ importDelay: 0, broken: 'import' });
          assert.notEqual((await lab.run(['systemctl', 'start', APP])).code, 0);
          assert.match(await lab.sh('systemctl show -P SubState wsgi-app@shop'), /^auto-restart/);
          return null;
        case 'while it retires': {
          const request = await inFlight(LONG ? 8 : 5);
          await lab.sh('systemctl reload --no-block wsgi-app@shop');
          await lab.waitFor('it retires', async () => /old workers? to finish/.test(await lastRoll()));
          return request;
        }
        default: {
          const request = await inFlight(LONG ? 8 : 3);
          await change({ importDelay: IMPORT });
          await lab.sh('systemctl reload --no-block wsgi-app@shop');
          await wait(parseFloat(moment) * 1000);
          return request;
        }
      }
    }

    for (const [unit, moment] of dealt(STOPS, release)) {
      it(`${/roll|retires/.test(moment) ? 'B1' : moment.includes('fails') ? 'A3' : '6.5'}: stop ${unit} ${moment}`, async () => {
        await lab.sh('systemctl start wsgi-app.target wsgi-app@shop');
        const load = startLoad(lab, moment === 'idle' ? { fast: 0 } : LONG ? l16(1) : { fast: 4, pauseMs: 20 });
        try {
          const request = await reach(moment);
          await lab.sh(`systemctl stop ${unit}`);
          const left = await remains(lab);
          // A target's stop returns when the workers are gone; the app itself comes after it and closes its socket.
          assert.deepEqual(unit === APP ? left : left.filter((one) => !/^s/.test(one)), [], 'when stop returns');
          await lab.waitFor('all is closed', async () => (await remains(lab)).length === 0, 10_000);
          const report = await request;
          assert.deepEqual(report?.failures ?? [], [], 'the request in flight');
          const before = await load.report();
          if (moment !== 'idle' || LONG) await wait(KNOCKS_MS);
          const knocked = await load.report();
          assert.ok(moment === 'idle' || knocked.failed > before.failed, 'nobody knocked');
          const answered = knocked.requests - knocked.failed - (before.requests - before.failed);
          assert.equal(answered, 0, 'somebody answers');
          assert.equal((await lab.run(['curl', '-s', '--unix-socket', '/run/wsgi/shop.sock', 'http://localhost/fast'])).code, 7);
          assert.deepEqual(await remains(lab), [], `${KNOCKS_MS} ms later`);
          assert.match(await lastRoll(), /"kind":"end".*\n$/);
        } finally {
          await load.stop();
        }
        await change({ importDelay: 0 });
        await lab.sh(`systemctl start ${unit}`);
        await whole(lab, PROCESSES, `started after a stop ${moment}`);
        assert.deepEqual(await truncated(lab), []);
      });
    }

    it('A3: a restart under load refuses nobody and keeps the socket', async () => {
      const socket = (): Promise<string> => lab.sh('systemctl show -P ActiveEnterTimestampMonotonic wsgi-app@shop.socket; stat -c %i /run/wsgi/shop.sock');
      const was = await socket();
      const load = startLoad(lab, LONG ? l16(1) : { fast: 4, pauseMs: 10, slow: [{ path: '/file?1', clients: 1 }] });
      await load.started();
      await lab.sh('systemctl restart wsgi-app@shop');
      await wait(500);
      const { failures } = await load.stop();
      assert.deepEqual(failures.slice(0, 5), []);
      assert.equal(await socket(), was);
      await whole(lab, PROCESSES, 'restarted');
    });

    it('6.5: an app on demand is started by its first connection, and a stop of it lasts', async () => {
      await configure(lab, { app: { activation: 'on-demand' }, workers: { processes: 2 } }, 'blog');
      await deploy(lab, 1, { app: 'blog', importDelay: 0 });
      const states = async (): Promise<string> => lab.sh('systemctl show -P ActiveState wsgi-app@blog.service wsgi-app@blog.socket');
      const ask = async (): Promise<string> => lab.sh('curl -s --max-time 30 --unix-socket /run/wsgi/blog.sock http://localhost/fast');
      await lab.sh('wsgictl apply blog');
      assert.equal(await states(), 'inactive\n\nactive\n');
      assert.match(await lab.sh('wsgictl status blog'), /● blog: inactive[^]*its first connection starts it/);
      assert.equal(await ask(), 'fast\n');
      await lab.waitFor('started', async () => (await states()).startsWith('active'));
      await whole(lab, 2, 'started by a connection', 'blog');
      for (const [activation, enabled] of [['boot', 'enabled\ndisabled\n'], ['on-demand', 'disabled\nenabled\n']] as const) {
        await configure(lab, { app: { activation }, workers: { processes: 2 } }, 'blog');
        assert.match(await lab.sh('wsgictl apply blog'), new RegExp(`^ *activation: \\S+ -> ${activation}$`, 'm'));
        assert.equal(await lab.sh('systemctl is-enabled wsgi-app@blog.service wsgi-app@blog.socket || true'), enabled);
        assert.match(await lab.sh('wsgictl apply blog'), /^nothing to do/);
      }
      await whole(lab, 2, 'activated in another way', 'blog');
      await lab.sh('systemctl stop wsgi-app@blog');
      assert.deepEqual(await remains(lab, 'blog'), []);
      if (!LONG) return;
      await lab.reboot();
      assert.equal(await states(), 'inactive\n\nactive\n');
      assert.equal(await ask(), 'fast\n');
      await lab.sh('wsgictl stop blog');
    });

    for (const proxy of LONG ? (['nginx', 'apache2'] as const) : (['nginx'] as const)) {
      it(`6.5: poweroff with ${proxy} in front, a slow request in flight and the app on a mount of its own`, async (t) => {
        await lab.sh('wsgictl stop shop; umount /srv/shop 2>/dev/null || true; rm -rf /srv/shop; mkdir -p /srv/shop');
        await lab.write('/etc/systemd/system/srv-shop.mount', '[Mount]\nWhat=tmpfs\nWhere=/srv/shop\nType=tmpfs\n');
        await lab.sh('systemctl daemon-reload && systemctl start srv-shop.mount');
        await change({ importDelay: 0 });
        await lab.sh('wsgictl start shop');
        await lab.write('/etc/nginx/conf.d/shop.conf', 'server { listen 8080; location / { proxy_pass http://unix:/run/wsgi/shop.sock; } }\n');
        await lab.write('/etc/apache2/conf-enabled/shop.conf', 'Listen 8080\n<VirtualHost *:8080>\nProxyPass "/" "unix:/run/wsgi/shop.sock|http://localhost/"\n</VirtualHost>\n');
        await lab.sh(`a2enmod --quiet proxy proxy_http && systemctl start ${proxy}`);
        const request = await inFlight(3, 8080);
        const { ms } = await lab.poweroff();
        const { failures } = await request;
        t.diagnostic(`${release}: ${proxy}: powered off in ${ms} ms; the request: ${failures[0]?.kind ?? 'answered'}`);
        // Debian's unit of Apache itself ends what is in flight: it follows graceful-stop by SIGTERM at once.
        if (proxy === 'nginx') assert.deepEqual(failures, []);
        assert.ok(ms < 30_000, `${ms} ms`);
        if (LONG) await lab.reboot({ settled: false });
      });
    }
  });
}
