// Apps that other packages bring, without a maintainer script of their own: dpkg's trigger does it all. Only in the long
// run, as all tests of packages.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab, RELEASES } from '../lab/lab.js';
import { startLoad } from '../lab/load.js';
import { installPackage, packApp, type AppPackage } from './packages.js';
import { LONG, remains, statusOf, whole } from './whole.js';

const PROCESSES = 2;
const SETTINGS = { news: '', weather: 'sandbox = off\n' };
type App = keyof typeof SETTINGS;
const APPS = ['news', 'weather'] as const;

for (const release of LONG ? RELEASES : []) {
  describe(`apps of other packages on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    /** The versions that were packed last. */
    const packed = { news: 0, weather: 0 };
    before(async () => {
      lab = await Lab.boot(release, { install: false });
      await installPackage(lab);
    });
    after(async () => lab.stop());

    /** A next version of an app's package. */
    const next = (app: App, broken: Pick<AppPackage, 'broken'> = {}): AppPackage =>
      ({ name: app, version: ++packed[app], settings: SETTINGS[app], ...broken });
    /** What dpkg printed; it must end well. */
    const dpkg = async (action: string, packages: readonly AppPackage[]): Promise<string> => {
      const files: string[] = [];
      for (const one of packages) files.push(await packApp(lab, one));
      return lab.sh(`dpkg ${action} ${files.join(' ')} 2>&1`, { timeout: 180_000 });
    };
    const ask = async (app: string, path: string, times = 1): Promise<string> =>
      lab.sh(`for i in $(seq ${times}); do curl -s --max-time 20 --unix-socket /run/wsgi/${app}.sock http://localhost${path}; done`);
    const serves = async (app: string, version: number, when: string): Promise<void> => {
      await whole(lab, PROCESSES, when, app);
      assert.match(await ask(app, '/who'), new RegExp(`"release": "${version}"`), when);
    };
    /** Kills a worker and waits until systemd has another in its place. */
    const crash = async (app: App): Promise<void> => {
      const [worker] = (await statusOf(lab, app)).workers;
      await lab.sh(`kill -9 ${worker?.pid}`);
      await lab.waitFor(`a worker of ${app} in the place of the one that was killed`, async () => {
        const { workers } = await statusOf(lab, app);
        return workers.length === PROCESSES && workers.every(({ phase, pid }) => phase === 'ready' && pid !== worker?.pid);
      }, 90_000);
    };

    it('an installation applies them', async () => {
      await dpkg('-i', APPS.map((app) => next(app)));
      for (const app of APPS) await serves(app, packed[app], 'installed');
      // They cost no space: what keeps them is in the mount that they are in, sandbox or not.
      assert.equal(await lab.sh('stat -c %h /var/lib/wsgictl/*/current/code/app.py | uniq'), '2\n');
      assert.equal((await lab.sh('stat -c "%U %G %a" /run/wsgi/request')).trim(), 'root wsgictl 660');
    });

    it('an upgrade under load rolls, and loses nothing', async (t) => {
      const load = startLoad(lab, { socket: '/run/wsgi/news.sock', fast: 4, pauseMs: 20 });
      await load.started();
      await dpkg('-i', [next('news')]);
      const { requests, failed, failures, releases } = await load.stop();
      t.diagnostic(`${release}: ${requests} requests, ${failed} failed`);
      assert.deepEqual(failures.slice(0, 3), []);
      assert.deepEqual(releases.map(({ name }) => name).sort(), ['1', '2']);
      await serves('news', packed.news, 'upgraded');
      await serves('weather', packed.weather, 'not upgraded');
    });

    it('between unpacking and configuring, what crashes or imports late still runs the old code, sandbox or not', async () => {
      const old = { ...packed };
      await dpkg('--no-triggers --unpack', APPS.map((app) => next(app)));
      for (const app of APPS) {
        assert.match(await lab.read(`/usr/share/${app}/late.py`), new RegExp(String(packed[app])));
        await crash(app);
        // Both workers, the one that was there before and the new one, import it now.
        const replies = new Set((await ask(app, '/late', 20)).split('\n').filter(Boolean));
        assert.deepEqual([...replies], [`${old[app]} ${old[app]}`]);
        await serves(app, old[app], 'unpacked only');
      }
      await dpkg('--configure --pending', []);
      for (const app of APPS) {
        await serves(app, packed[app], 'configured');
        assert.equal(await ask(app, '/late'), `${packed[app]} ${packed[app]}\n`);
      }
    });

    it('a broken upgrade rolls back, dpkg says why and ends well, and a good package beside it has its turn', async (t) => {
      const good = packed.news;
      const load = startLoad(lab, { socket: '/run/wsgi/news.sock', fast: 4, pauseMs: 20 });
      await load.started();
      const said = await dpkg('-i', [next('news', { broken: 'import' }), next('weather')]);
      const { requests, failed, failures } = await load.stop();
      t.diagnostic(`${release}: ${requests} requests, ${failed} failed`);
      assert.deepEqual(failures.slice(0, 3), []);
      assert.match(said, /is broken: it cannot be imported[^]*an app has a problem: wsgictl status/);
      const states = await lab.sh("dpkg-query -W -f='${db:Status-Status} ' wsgictl news weather");
      assert.equal(states, 'installed installed installed ');
      await serves('weather', packed.weather, 'beside a broken package');

      await crash('news');
      const { code, healthy, notes } = await statusOf(lab, 'news');
      assert.deepEqual([code, healthy], [1, false]);
      assert.match(notes.join('\n'), /the last roll failed: .*could not load the app/);
      assert.match(await ask('news', '/who'), new RegExp(`"release": "${good}"`));
    });

    it('the next upgrade recovers from it, and a rollback has the code of the earlier package', async () => {
      const earlier = /"release": "(\d+)"/.exec(await ask('news', '/who'))?.[1];
      await dpkg('-i', [next('news')]);
      await serves('news', packed.news, 'after a broken upgrade');
      await lab.sh('wsgictl rollback news', { timeout: 120_000 });
      await serves('news', Number(earlier), 'rolled back');
      assert.equal(await ask('news', '/late'), `${earlier} ${earlier}\n`);
      await lab.sh('wsgictl reload news', { timeout: 120_000 });
      await serves('news', packed.news, 'forward again');
    });

    it('a file in /etc changes one setting, and status says so', async () => {
      await lab.write('/etc/wsgictl/apps.d/news.ini', '[workers]\nprocesses = 3\n', 0o644);
      await lab.sh('wsgictl apply news', { timeout: 120_000 });
      const { notes } = await whole(lab, 3, 'with a file in /etc', 'news');
      const note = 'workers.processes from /etc/wsgictl/apps.d/news.ini, the rest from /usr/share/wsgictl/apps.d/news.ini';
      assert.ok(notes.includes(note), notes.join('\n'));
      await lab.sh('rm /etc/wsgictl/apps.d/news.ini; wsgictl apply news', { timeout: 120_000 });
      await serves('news', packed.news, 'without it');
    });

    it('a removal drains and removes them, and leaves the other', async () => {
      const slow = ask('news', '/slow');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await lab.sh('dpkg --remove news 2>&1', { timeout: 120_000 });
      assert.equal(await slow, `${packed.news}\n`);
      assert.deepEqual(await remains(lab, 'news'), []);
      assert.equal(await lab.exists('/var/lib/wsgictl/news') || await lab.exists('/usr/share/news'), false);
      await serves('weather', packed.weather, 'the other was removed');
    });

    it('a package whose app never ran leaves nothing of it', async () => {
      await dpkg('-i', [next('news', { broken: 'import' })]);
      assert.equal((await statusOf(lab, 'news')).code, 1);
      await lab.sh('dpkg --purge news 2>&1', { timeout: 120_000 });
      assert.deepEqual(await remains(lab, 'news'), []);
      assert.equal(await lab.exists('/var/lib/wsgictl/news'), false);
    });

    it('nor one whose app nobody asked for', async () => {
      await dpkg('-i', [{ name: 'radio', version: 1, settings: 'activation = on-demand\n' }]);
      assert.deepEqual(await remains(lab, 'radio'), ['socket active']);
      await lab.sh('dpkg --purge radio 2>&1', { timeout: 120_000 });
      assert.deepEqual(await remains(lab, 'radio'), []);
      assert.equal((await lab.sh('find /etc/systemd /var/lib/wsgictl -name "*radio*"')).trim(), '');
    });

    it('an app that is stopped starts with what was unpacked since', async () => {
      await lab.sh('wsgictl stop weather', { timeout: 120_000 });
      await dpkg('-i', [next('weather')]);
      assert.deepEqual((await remains(lab, 'weather')).filter((one) => !one.startsWith('socket')), []);
      await lab.sh('wsgictl start weather', { timeout: 120_000 });
      await serves('weather', packed.weather, 'started');
    });

    it('an upgrade that a faulty file in /etc keeps away is for somebody', async () => {
      const old = packed.weather;
      await lab.write('/etc/wsgictl/apps.d/weather.ini', '[workers]\nprocesses = many\n', 0o644);
      assert.equal((await statusOf(lab, 'weather')).code, 0, 'nothing was to be done yet');
      assert.match(await dpkg('-i', [next('weather'), next('news')]), /weather\.ini:2: [^]*an app has a problem: wsgictl status/);
      const { code, notes } = await statusOf(lab, 'weather');
      assert.equal(code, 1);
      assert.match(notes.join('\n'), /its INI file is faulty[^]*its package was unpacked since generation \d+: wsgictl reload weather/);
      assert.match(await ask('weather', '/who'), new RegExp(`"release": "${old}"`));
      await serves('news', packed.news, 'beside it');
      await lab.sh('rm /etc/wsgictl/apps.d/weather.ini; wsgictl reload weather', { timeout: 120_000 });
      assert.deepEqual((await whole(lab, PROCESSES, 'mended', 'weather')).notes, []);
    });

    // dpkg forgets what it has to tell a package that is not configured itself.
    it('wsgictl sees to what became of apps while it was upgraded itself', async () => {
      const files = await packApp(lab, next('news'));
      await lab.sh(`dpkg -i /srv/wsgictl.deb ${files} 2>&1`, { timeout: 180_000 });
      await serves('news', packed.news, 'upgraded with wsgictl');
      await lab.sh('dpkg --unpack /srv/wsgictl.deb; dpkg --remove news; dpkg --configure wsgictl', { timeout: 120_000 });
      assert.deepEqual(await remains(lab, 'news'), []);
    });

    it('an app that comes together with wsgictl is applied when its account is there', async () => {
      await lab.sh('dpkg --purge weather wsgictl 2>&1', { timeout: 120_000 });
      const file = await packApp(lab, { name: 'mail', version: 1, account: 'mail-app' });
      await lab.sh(`dpkg -i /srv/wsgictl.deb ${file} 2>&1`, { timeout: 180_000 });
      await whole(lab, PROCESSES, 'with wsgictl', 'mail');
    });

    it('if dpkg gives up the removal of wsgictl, the apps come back', async () => {
      const control = 'Package: rival\nVersion: 1\nArchitecture: all\nConflicts: wsgictl\nReplaces: wsgictl\nProvides: wsgictl\n'
        + 'Maintainer: Nobody <nobody@example.org>\nDescription: takes its place, nearly\n';
      await lab.write('/srv/rival/DEBIAN/control', control);
      await lab.write('/srv/rival/DEBIAN/preinst', '#!/bin/sh\n! systemctl is-active wsgi-app@mail >/srv/rival.state\nexit 1\n', 0o755);
      await lab.sh('dpkg-deb -Znone --build /srv/rival /srv/rival.deb; ! dpkg --auto-deconfigure -i /srv/rival.deb', { timeout: 120_000 });
      assert.equal(await lab.read('/srv/rival.state'), 'inactive\n');
      assert.equal(await lab.sh("dpkg-query -W -f='${db:Status-Status}' wsgictl"), 'installed');
      await whole(lab, PROCESSES, 'given up', 'mail');
      assert.equal(await lab.exists('/var/lib/wsgictl/.removed'), false);
    });

    it('policy-rc.d has the last word: nothing is started or reloaded, and that is said', async () => {
      const { workers } = await statusOf(lab, 'mail');
      await lab.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755);
      const [mail, forum] = [await packApp(lab, { name: 'mail', version: 2, account: 'mail-app' }), await packApp(lab, { name: 'forum', version: 1 })];
      assert.match(await lab.sh(`dpkg -i ${mail} ${forum} 2>&1`, { timeout: 180_000 }), /policy-rc\.d forbids to start or reload apps/);
      assert.match(await ask('mail', '/who'), /"release": "1"/);
      const after = await statusOf(lab, 'mail');
      assert.deepEqual(after.workers.map(({ pid }) => pid), workers.map(({ pid }) => pid));
      assert.match(after.notes.join('\n'), /its package was unpacked since generation \d+: wsgictl reload mail/);
      assert.equal(await lab.sh('systemctl is-active wsgi-app@forum wsgi-app@forum.socket || true'), 'inactive\ninactive\n');

      await lab.sh('wsgictl apply forum; wsgictl reload mail', { timeout: 120_000 });
      await serves('forum', 1, 'applied');
      await serves('mail', 2, 'reloaded');
      await lab.sh('dpkg --purge forum; rm /usr/sbin/policy-rc.d', { timeout: 120_000 });
      assert.deepEqual(await remains(lab, 'forum'), []);
    });

    it('what is installed, upgraded or removed in an image takes effect at its next boot', async () => {
      const inImage = async (action: string): Promise<void> => {
        await lab.sh(`unshare --mount bash -euc 'mount -t tmpfs none /run; dpkg ${action}' 2>&1`, { timeout: 120_000 });
        await lab.reboot({ clean: true });
      };
      for (const version of [1, 2]) {
        await inImage(`-i ${await packApp(lab, { name: 'wiki', version })}`);
        const { generation } = await whole(lab, PROCESSES, `version ${version}, booted`, 'wiki');
        assert.equal(generation, version);
      }
      const unbooted = await packApp(lab, { name: 'blog', version: 1 });
      await inImage(`--remove wiki; dpkg -i ${unbooted}; dpkg --purge blog`);
      assert.equal((await lab.sh('find /etc/systemd /var/lib/wsgictl -name "*blog*"')).trim(), '');
      assert.deepEqual(await remains(lab, 'wiki'), []);
      assert.equal(await lab.exists('/var/lib/wsgictl/wiki'), false);
      await whole(lab, PROCESSES, 'beside it', 'mail');
    });
  });
}
