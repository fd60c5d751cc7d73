// What an old worker still has when its generation is replaced, or its app stopped: B7, C7.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configure, deploy, traces } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { ask } from './rolls.js';
import { LONG, NEWEST, remains, statusOf, whole } from './whole.js';

const PROCESSES = 2;
/** Seconds. */
const [GRACEFUL, SLOW, CHILD] = LONG ? [120, 100, 4] : [300, 290, 2];

for (const release of NEWEST) {
  describe(`old workers on ${release}`, { timeout: 900_000 }, () => {
    let lab: Lab;
    let deployed = 0;
    before(async () => {
      lab = await Lab.boot(release);
      await configure(lab, {
        workers: { processes: PROCESSES, threads: 2 },
        reload: { 'graceful-timeout': `${GRACEFUL}s`, 'max-surge': '100%', settle: '200ms' },
      });
      await apply();
    });
    after(async () => lab.stop());

    async function apply(...options: readonly string[]): Promise<string> {
      await deploy(lab, ++deployed, { importDelay: 0.1 });
      return lab.sh(['wsgictl', 'apply', ...options].join(' '));
    }

    it('B7: a worker that drains keeps its stop settings, whatever becomes of unit files meanwhile', async () => {
      const { generation } = await whole(lab, PROCESSES, 'before');
      const slow = ask(lab, `/until?${SLOW}`);
      await lab.waitFor('it is in flight', async () => (await traces(lab)).some(({ name }) => name.startsWith('until-')));
      await apply('--no-wait');
      const draining = (): Promise<string> => lab.sh(`systemctl list-units --plain --no-legend 'wsgi-worker-shop-${generation}@*' | awk '{ print $1 }'`);
      await lab.waitFor('one is left', async () => (await draining()).trim().split('\n').length === 1);
      const unit = (await draining()).trim();

      async function kept(when: string): Promise<void> {
        const properties = ['ActiveState', 'SubState', 'TimeoutStopUSec', 'TimeoutAbortUSec', 'TimeoutStopFailureMode', 'KillMode', 'KillSignal', 'WatchdogSignal', 'NeedDaemonReload'];
        assert.deepEqual(
          (await lab.sh(`systemctl show -p ${properties.join(',')} ${unit}`)).trim().split('\n').sort(),
          ['ActiveState=deactivating', 'KillMode=mixed', 'KillSignal=15', 'NeedDaemonReload=no', 'SubState=stop-sigterm', 'TimeoutAbortUSec=3s',
            'TimeoutStopFailureMode=abort', `TimeoutStopUSec=${GRACEFUL / 60 + 'min'}`, 'WatchdogSignal=42'],
          when,
        );
        assert.equal(await lab.exists(`/etc/systemd/system/wsgi-worker-shop-${generation}@.service`), true, when);
      }
      await kept('after the commit');
      for (let count = 1; count <= 3; count++) {
        await lab.sh('systemctl daemon-reload');
        await kept(`daemon-reload ${count}`);
      }
      await apply('--no-wait');
      await kept('after a further apply');
      await lab.sh('systemctl daemon-reload');
      await kept('after its daemon-reload');
      assert.ok((await statusOf(lab)).workers.some((worker) => worker.generation === generation && worker.phase === 'leaving'));

      if (!LONG) await lab.sh('rm /srv/shop/files/until-*');
      const { status, body } = await slow;
      assert.deepEqual([status, body], [200, 'until then\n']);
      // Its file is removed by whoever comes after its end.
      await apply();
      await whole(lab, PROCESSES, 'when it is gone');
    });

    for (const command of ['wsgictl reload shop', 'systemctl stop wsgi-app@shop']) {
      it(`C7: a child process that a request waits for ends its work: ${command}`, async () => {
        const request = ask(lab, `/sub?${CHILD}`);
        await lab.waitFor('it is in flight', async () => (await traces(lab)).some(({ name, fin }) => name.startsWith('sub-') && !fin && !name.endsWith('-child')));
        await lab.sh(command);
        const { status, body } = await request;
        assert.equal(status, 200);
        assert.equal(await lab.read(`/srv/shop/files/${body.trim()}`), 'END\n');
        if (command.includes('stop')) assert.deepEqual(await remains(lab), []);
        else await whole(lab, PROCESSES, command);
      });
    }
  });
}
