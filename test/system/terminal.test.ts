// Readers and terminals that go away, and Ctrl-C: H3.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { configure, deploy, type DeployOptions } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { LONG, NEWEST, statusOf, whole } from './whole.js';
import { everyWho } from './who.js';

const PROCESSES = LONG ? 4 : 2;
const IMPORT = LONG ? 1 : 0.4;
const CLOSED = [
  'wsgictl apply 2>&1 | head -n 1', 'wsgictl apply >&- 2>&-', 'wsgictl apply >/dev/full 2>/run/err', 'wsgictl apply 2>/run/err | head -n 1',
  'wsgictl apply 2>/run/err | true', 'wsgictl apply 2>&-', 'wsgictl apply >&-',
];
/** Of a roll. */
const SECONDS = LONG ? [0, 1, 2, 3, 4, 5, 6, 7] : [0, 1];

for (const release of NEWEST) {
  describe(`terminals on ${release}`, { timeout: 1_800_000 }, () => {
    let lab: Lab;
    let deployed = 0;

    before(async () => {
      lab = await Lab.boot(release);
      await lab.write('/run/terminal.py', readFileSync(new URL('../../../test/system/terminal.py', import.meta.url), 'utf8'));
      await configure(lab, { workers: { processes: PROCESSES }, reload: { settle: LONG ? '1s' : '200ms' } });
      await next();
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    const next = (options: DeployOptions = {}): Promise<void> => deploy(lab, ++deployed, { importDelay: IMPORT, ...options });
    const rolls = async (): Promise<number> => Number(await lab.sh('ls /var/lib/wsgictl/shop/rolls | sort -n | tail -n 1 | cut -d. -f1'));

    function sane(text: string): void {
      assert.doesNotMatch(text, /^ +at .*:\d+|Error:|EPIPE|EIO|this is a bug/m);
    }

    /** The roll has come to its end by itself, and that is the new release. */
    async function rolled(when: string): Promise<void> {
      await lab.waitFor('the roll has ended', async () => /"kind":"end"/.test(await lab.sh(`cat /var/lib/wsgictl/shop/rolls/${await rolls()}.jsonl`)), 60_000);
      await lab.waitFor('its job too', async () => (await statusOf(lab)).active === 'active');
      await whole(lab, PROCESSES, when);
      for (const who of await everyWho(lab, PROCESSES)) assert.equal(who.release, String(deployed), when);
    }

    async function onTerminal(action: string, seconds: number): Promise<{ shown: string; code: number }> {
      const said = await lab.sh('python3 /run/terminal.py "$ACTION" "$DELAY" wsgictl apply', {
        env: { ACTION: action, DELAY: String(seconds) }, timeout: 120_000,
      });
      sane(said);
      const [code = '', ...shown] = said.trimEnd().split('\n').reverse();
      return { shown: shown.reverse().join('\n'), code: Number(code) };
    }

    for (const action of LONG ? ['interrupt', 'interrupt twice'] : ['interrupt twice']) {
      it(`H3: ${action === 'interrupt' ? 'Ctrl-C' : 'Ctrl-C twice'} at each second of a roll, then a second apply`, async (t) => {
        const begun = await rolls();
        const codes: number[] = [];
        for (const seconds of SECONDS) {
          // The second apply has to come while the roll is still bringing workers up.
          await next(seconds === 0 ? { importDelay: 3 } : {});
          const { shown, code } = await onTerminal(action, seconds);
          codes.push(code);
          if (code !== 0) {
            // The second one can meet a process that is just ending, and end it: 130 to a shell all the same.
            assert.ok(code === 130 || (action === 'interrupt twice' && code === -2), `${code}: ${shown}`);
            assert.match(shown, /shop: the roll goes on without this command; follow it with: wsgictl logs -f shop/);
          }
          const again = await lab.run(['wsgictl', 'apply'], { timeout: 120_000 });
          assert.equal(again.code, 0, again.stdout + again.stderr);
          if (seconds === 0) assert.match(again.stdout, /^shop: a roll to this is under way; this command follows it\n(.*\n)*shop: done: /);
          await rolled(`${action} after ${seconds} s`);
        }
        t.diagnostic(`${release}: exit codes after ${SECONDS.join(', ')} s: ${codes.join(', ')}`);
        assert.notEqual(codes[0], 0);
        assert.equal(await rolls(), begun + SECONDS.length, 'the second apply joined the roll, and asked for none');
      });
    }

    it('H3: the terminal hangs up, and the command goes on with the roll', async () => {
      for (const seconds of LONG ? SECONDS : SECONDS.slice(1)) {
        await next();
        const { code } = await onTerminal('hang up', seconds);
        assert.equal(code, 0);
        await rolled(`hung up after ${seconds} s`);
      }
    });

    it('H3: closed pipes', async () => {
      for (const command of LONG ? CLOSED : CLOSED.slice(0, 3)) {
        await next();
        await lab.sh(': >/run/err');
        const begun = await rolls();
        const { code, stdout, stderr } = await lab.run(['bash', '--norc', '-c', `${command}; exit \${PIPESTATUS[0]}`], { timeout: 120_000 });
        sane(stdout + stderr + (await lab.read('/run/err')));
        assert.equal(code, 0, `${command}: ${stderr}`);
        assert.equal(await rolls(), begun + 1, command);
        await rolled(command);
      }
      for (const command of ['wsgictl status | head -n 1', 'wsgictl status --json | true', 'wsgictl logs shop | head -n 1', 'wsgictl render | head -n 1']) {
        const { code, stdout, stderr } = await lab.run(['bash', '--norc', '-c', `${command}; exit \${PIPESTATUS[0]}`]);
        sane(stdout + stderr);
        assert.ok([0, 141].includes(code), `${command}: ${code}`);
      }
    });

    it('H3: nobody hears that a release is broken: exit code 4, and the old one serves', async () => {
      await next({ broken: 'import' });
      const { code } = await lab.run(['bash', '--norc', '-c', 'wsgictl apply >&- 2>&-']);
      assert.equal(code, 4);
      const { generation, workers } = await statusOf(lab);
      assert.deepEqual(workers.map((worker) => [worker.phase, worker.generation]), Array.from({ length: PROCESSES }, () => ['ready', generation]));
    });
  });
}
