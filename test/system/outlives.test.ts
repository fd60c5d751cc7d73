// Serving outlives what is done to the machine around it: what is cleared away, mounted read-only, made under another umask.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy, type IniOverrides } from '../lab/fixture.js';
import { Lab, type Result } from '../lab/lab.js';
import { LONG, NEWEST, statusOf, whole } from './whole.js';

const QUICK: IniOverrides = { workers: { processes: 2 }, reload: { settle: '100ms', 'max-surge': '100%', 'graceful-timeout': '5s' }, health: { 'warm-up': null } };

for (const release of NEWEST) {
  describe(`what is done to the machine, on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    let deployed = 0;
    before(async () => {
      lab = await Lab.boot(release);
      await deploy(lab, ++deployed, { importDelay: 0 });
      await configure(lab, QUICK);
    });
    after(async () => lab.stop());

    const wsgictl = (...words: string[]): Promise<Result> => lab.run(['wsgictl', ...words], { timeout: 60_000 });
    async function done(...words: string[]): Promise<string> {
      const { code, stdout, stderr } = await wsgictl(...words);
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    }
    async function refused(...words: string[]): Promise<string> {
      const { code, stdout, stderr } = await wsgictl(...words);
      assert.equal(code, 1, stdout + stderr);
      assert.doesNotMatch(stdout + stderr, /bug/);
      return stdout + stderr;
    }
    const inWorkers = async (script: string): Promise<string> => {
      const { workers } = await statusOf(lab);
      return lab.sh(workers.filter(({ pid }) => pid > 0).map(({ pid }) => `nsenter -t ${pid} -m sh -c '${script}'`).join('\n'));
    };
    const killWorkers = async (): Promise<void> => {
      const { workers } = await statusOf(lab);
      await lab.sh(`kill -9 ${workers.map(({ pid }) => pid).join(' ')}`);
    };

    it("root's umask 077: the app's account can run the worker, and everybody may ask for the status", async () => {
      // What an earlier version made so is mended.
      await lab.sh('umask 077; mkdir -p /var/lib/wsgictl/.runner/0123456789ab; touch /var/lib/wsgictl/.runner/0123456789ab/__main__.py; wsgictl check; wsgictl apply', { timeout: 60_000 });
      await whole(lab, 2, 'under umask 077');
      await lab.sh('find /var/lib/wsgictl -type d -exec chmod go= {} +; find /etc/systemd/system/ -name "wsgi-*" -type f -exec chmod go= {} +');
      assert.match((await lab.run(['runuser', '-u', 'deploy', '--', 'wsgictl', 'status'])).stderr, /needs other rights/);
      await lab.sh('umask 027; wsgictl reload shop', { timeout: 60_000 });
      await whole(lab, 2, 'under umask 027');
      await lab.sh('runuser -u deploy -- wsgictl status');
      assert.equal(await lab.sh('find /var/lib/wsgictl/.runner ! -perm -444'), '');
    });

    it('its private /tmp is shared by all generations, and goes with a restart', async () => {
      await inWorkers('touch /tmp/kept /var/tmp/kept');
      await done('reload', 'shop');
      assert.equal(await inWorkers('ls /tmp /var/tmp | grep -c kept'), '2\n2\n');
      await done('restart', 'shop');
      assert.equal(await inWorkers('ls -A /tmp /var/tmp | grep kept || true'), '');
    });

    it('its private /tmp is cleared away: status names it, and a roll makes it again', async () => {
      await lab.sh('rm -rf /tmp/* /var/tmp/*');
      await killWorkers();
      const { code, notes } = await statusOf(lab);
      assert.equal(code, 1);
      for (const path of ['/tmp', '/var/tmp']) assert.ok(notes.some((note) => note.startsWith(`its private ${path} is gone`) && note.endsWith('wsgictl reload shop')), notes.join('\n'));
      assert.match(await done('reload', 'shop'), /its private \/tmp was gone, and is made again/);
      await whole(lab, 2, 'after /tmp was cleared');
      assert.equal(await inWorkers('stat -c "%a %U" /tmp /var/tmp'), '1777 root\n'.repeat(4));
    });

    it('so it is by a job that deletes what is old, and where somebody takes the name', { skip: !LONG }, async () => {
      await lab.sh('find /tmp /var/tmp -xdev -depth -mindepth 1 -path "*wsgi-app-tmp*" -empty -delete');
      await killWorkers();
      await lab.sh('systemctl reload wsgi-app@shop', { timeout: 60_000 });
      await whole(lab, 2, 'after the cleaning job');
      await lab.sh('d=$(echo /tmp/systemd-private-*wsgi-app-tmp@shop*); rm -r $d; install -d -o deploy $d $d/tmp; touch $d/tmp/planted');
      assert.equal((await statusOf(lab)).code, 1);
      await done('reload', 'shop');
      await whole(lab, 2, 'after somebody took the name');
      assert.equal(await inWorkers('ls -A /tmp'), '');
      await configure(lab, { ...QUICK, app: { sandbox: 'off' }, service: { PrivateTmp: 'no' } });
      await done('apply');
      await lab.sh('rm -rf /tmp/* /var/tmp/*');
      await done('reload', 'shop');
      await whole(lab, 2, 'without a private /tmp');
      await configure(lab, QUICK);
      await done('apply');
    });

    it('a restart mends it too', async () => {
      await lab.sh('rm -rf /tmp/* /var/tmp/*');
      await killWorkers();
      await done('restart', 'shop');
      await whole(lab, 2, 'after a restart');
    });

    it('/etc is read-only: what serves goes on, a deploy says why not, and remove is refused before it begins', async () => {
      await lab.sh('mount --bind /etc /etc; mount -o remount,bind,ro /etc');
      const { generation } = await statusOf(lab);
      for (const words of [['reload', 'shop'], ['rollback', 'shop'], ['remove', 'shop']]) assert.match(await refused(...words), /mounted read-only/);
      await whole(lab, 2, 'after what was refused');
      assert.equal((await lab.run(['systemctl', 'reload', 'wsgi-app@shop'], { timeout: 60_000 })).code, 1);
      await done('restart', 'shop');
      const status = await statusOf(lab);
      assert.equal(status.generation, generation);
      assert.doesNotMatch(status.notes.join('\n'), /bug/);
      await lab.sh('umount /etc');
      await done('reload', 'shop');
    });

    for (const [what, spoil, said] of [
      ['read-only', 'mount --bind /var/lib /var/lib; mount -o remount,bind,ro /var/lib', /mounted read-only/],
      ['without inodes', 'cp -a /var/lib/wsgictl /srv/state; mount --bind /var/lib /var/lib; mount -t tmpfs -o mode=755,nr_inodes=$(($(find /srv/state | wc -l) + 1)) tmpfs /var/lib/wsgictl; cp -a /srv/state/. /var/lib/wsgictl/; i=0; while touch /var/lib/wsgictl/fill$i 2>/dev/null; do i=$((i+1)); done', /without free inodes/],
    ] as const) {
      it(`its state is ${what}: what was committed starts, and status stays what it is`, { skip: what === 'without inodes' && !LONG }, async () => {
        await lab.sh(spoil);
        const { generation } = await statusOf(lab);
        await done('stop', 'shop');
        const since = (await lab.sh('date +%s')).trim();
        await lab.sh('systemctl start wsgi-app@shop', { timeout: 60_000 });
        assert.equal(await lab.sh('curl -s -o /dev/null -w "%{http_code}" --unix-socket /run/wsgi/shop.sock http://localhost/fast'), '200');
        const journal = await lab.journal(['-u', 'wsgi-app@shop', '--since', `@${since}`, '-o', 'cat']);
        assert.equal(journal.match(/is not written down/g)?.length, 1, journal);
        assert.doesNotMatch(journal, /bug/);
        for (let look = 0; look < 3; look++) {
          const status = await statusOf(lab);
          assert.deepEqual([status.code, status.active, status.generation], [1, 'active', generation]);
          assert.match(status.notes.join('\n'), said);
        }
        assert.match(await refused('reload', 'shop'), said);
        await lab.sh('umount -R /var/lib');
        await done('reload', 'shop');
        await whole(lab, 2, `after its state was ${what}`);
      });
    }
  });
}
