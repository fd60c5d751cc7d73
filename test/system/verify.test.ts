// What wsgictl renders, judged by systemd itself: `systemd-analyze verify` prints not a line, and values arrive as they
// were written. F3 of the cases, and its kind.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { readApp } from '../../src/config/app.js';
import type { AppConfig } from '../../src/config/settings.js';
import { Lab, type RunOptions } from '../lab/lab.js';
import { OLDEST } from './whole.js';

const CASES = new URL('../../../test/cases/', import.meta.url);

const app = (rest: string): string => `[app]\nmodule = shop.wsgi\nuser = shop\n${rest}\n`;

/** What attacks, and what people really have. */
const NASTY: Readonly<Record<string, string>> = {
  // F3
  'f3': `[app]\nscript = /srv/it's/app.wsgi\ndirectory = /srv/EPS%3AHello World/app\nvirtualenv = /srv/v env%i\ndescription = with %n "x" \\\nuser = shop\n`,
  'f3-dollar': app('directory = /srv/$HOME ${HOME} $$/app\npython-path = /srv/$A:/srv/a;b\nvirtualenv = /srv/$venv'),
  'quotes': app(`directory = /srv/"a' b"/c\ndescription = 'a" ; # b`),
  'backslash-at-end': app('directory = /srv/a\\\ndescription = a\\\\\n[environment]\nA = \\\nB = \\\\\nC = \\x2d\\n\\t'),
  'space-at-end': app('directory = /srv/a /'),
  'unicode': app('directory = /srv/größe 🐍\ndescription = \u00a0größe \u202e🐍\n[environment]\nA = größe 🐍\nB = \u00a0'),
  'environment': app(`[environment]\nA = %n %%n $HOME "x" 'y' [Service] = ; # \\\nB =\nC = ExecStartPre=+/bin/sh\nD = ${'x'.repeat(60_000)}`),
  'home-dir': app('directory = /home/shop/my "site" 100% \\'),
  'home-strict': app('directory = /srv/home\nsandbox = strict'),
  'home-off': app('directory = /home/shop/site\nsandbox = off'),
  'one-worker': app('[workers]\nprocesses = 1\nwatchdog = off'),
  'a--b': app(''),
  'touch': app('[reload]\ntouch = /srv/100% a "b"/x y.wsgi\ntouch = /srv/$a\\'),
  'listen': app('[socket]\nlisten = /run/100% a "b"\\\nlisten = 127.0.0.1:8001\nlisten = [::1]:8001\nlisten = @shop'),
};

/** The paths and accounts that a configuration names, made with what stands in this environment. */
const MAKE = `
  while IFS= read -r path; do mkdir -p "$path"; done <<<"$DIRECTORIES"
  while IFS= read -r path; do [ -z "$path" ] || { mkdir -p "$(dirname "$path")"; touch "$path"; }; done <<<"$FILES"
  [ -z "$VENV" ] || { mkdir -p "$VENV/bin"; ln -sf /usr/bin/python3 "$VENV/bin/python"; }
  [ -e "$PYTHON" ] || { mkdir -p "$(dirname "$PYTHON")"; ln -s /usr/bin/python3 "$PYTHON"; }
`;

async function configure(lab: Lab, name: string, content: string | Uint8Array): Promise<AppConfig> {
  const { config, diagnostics } = readApp(`${name}.ini`, name, content, 'system');
  assert.ok(config !== null, JSON.stringify(diagnostics));
  await lab.write(`/etc/wsgictl/apps.d/${name}.ini`, content.toString(), 0o644);
  const files = [config.app.script, config.app['gunicorn-config'], ...config.app['environment-file'].map(({ path }) => path)];
  await lab.sh(MAKE, {
    env: {
      DIRECTORIES: [config.app.directory ?? '/srv', ...(config.app['python-path'] ?? [])].join('\n'),
      FILES: files.filter((path) => path !== null).join('\n'),
      VENV: config.app.virtualenv ?? '',
      PYTHON: config.app.python,
    },
  });
  return config;
}

/** The cases of which units are expected, but for those that are of a user's manager. */
function cases(): [string, Uint8Array][] {
  return readdirSync(CASES).filter((file) => file.endsWith('.unit')).flatMap((file): [string, Uint8Array][] => {
    const content = readFileSync(new URL(file.replace(/\.unit$/, '.ini'), CASES));
    const options = /^# case:(.*)/.exec(content.toString())?.[1] ?? '';
    if (/mode=user/.test(options)) return [];
    return [[/name=(\S+)/.exec(options)?.[1] ?? file.slice(0, -'.unit'.length), content]];
  });
}

/**
 * Copies the rendered units to names without `:`, which verify takes for the beginning of an alias, and verifies each of
 * them and of the sockets that have drop-ins. Gives what verify prints.
 */
function verify(lab: Lab, rendered: string, options: RunOptions = {}): Promise<string> {
  const mode = options.user === undefined ? '--system' : '--user';
  return lab.sh(
    `copies=$(mktemp -d); cd ${rendered}
     for unit in *; do cp -r "$unit" "$copies/\${unit//:/_}"; done
     cd "$copies"
     for unit in *; do
       case $unit in *.d) unit=\${unit%.d} ;; esac
       systemd-analyze ${mode} verify "$copies/$unit" 2>&1 | sed "s|^|$unit: |" || true
     done`,
    { timeout: 300_000, ...options },
  );
}

for (const release of OLDEST) {
  describe(`what is rendered, on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    const configs = new Map<string, AppConfig>();

    before(async () => {
      lab = await Lab.boot(release);
      await lab.sh('for group in shops proxies; do groupadd --system $group; done; useradd --system shop; useradd --uid 1000 thousand 2>/dev/null || true');
      for (const [name, content] of [...cases(), ...Object.entries(NASTY)]) {
        assert.ok(!configs.has(name), name);
        configs.set(name, await configure(lab, name, content));
      }
    });
    after(() => lab.stop());

    it('makes systemd-analyze verify say nothing', async () => {
      const { code, stdout, stderr } = await lab.run(['wsgictl', 'render', '-o', '/run/rendered']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(stdout.split('\n').filter((line) => /worker.*@\.service$/.test(line)).length, configs.size);
      assert.match(stdout, /wsgi-app@listen\.socket\.d\/10-wsgictl\.conf$/m);
      assert.equal(await verify(lab, '/run/rendered'), '');
    });

    it('would be told of faults by verify: an unknown directive, a bad value, in a unit or a drop-in', async () => {
      await lab.sh(`
        cd /run/rendered
        echo Nonsense=1 >>wsgi-worker-a::b-1@.service
        sed -i s/^UMask=.*/UMask=9/ wsgi-worker-my:shop-1@.service
        echo Nonsense=1 >>wsgi-app@listen.socket.d/10-wsgictl.conf`);
      const said = await verify(lab, '/run/rendered');
      for (const unit of ['wsgi-worker-a__b-1@.service', 'wsgi-worker-my_shop-1@.service', 'wsgi-app@listen.socket']) {
        assert.ok(said.includes(`\n${unit}: `) || said.startsWith(`${unit}: `), `${unit} in:\n${said}`);
      }
    });

    it('F3: systemd has every value as it was written', async () => {
      await lab.sh('wsgictl render -o /etc/systemd/system >/dev/null; systemctl daemon-reload');
      for (const [name, config] of configs) {
        const unit = `wsgi-worker-${name.replaceAll('-', ':')}-1@1.service`;
        const shown = await lab.sh('systemctl show -p Description,WorkingDirectory "$UNIT"', { env: { UNIT: unit } });
        assert.ok(shown.includes(`Description=${config.app.description ?? `WSGI app ${name}`} (worker 1 of generation 1)\n`), shown);
        if (config.app.directory !== null) assert.ok(shown.includes(`WorkingDirectory=${config.app.directory}\n`), shown);
        const { environment, start } = await properties(lab, unit);
        assert.deepEqual(environment, config.environment.map((one) => `${one.name}=${one.value}`));
        assert.equal(start[0], config.app.python);
        for (const key of ['script', 'gunicorn-config'] as const) {
          const value = config.app[key];
          assert.ok(value === null || start.includes(`--${key}=${value.replaceAll('$', '$$$$')}`), start.join('\n'));
        }
      }
    });

    it('F3: a process gets its directory, arguments and environment byte for byte', async () => {
      for (const name of ['f3', 'f3-dollar', 'quotes', 'backslash-at-end', 'space-at-end', 'unicode', 'environment']) {
        const config = configs.get(name) as AppConfig;
        const said = await asProcess(lab, `wsgi-worker-${name.replaceAll('-', ':')}-1@.service`);
        assert.equal(said.cwd, config.app.directory ?? '/');
        for (const one of config.environment) assert.equal(said.env[one.name], one.value, name);
        for (const path of config.app['python-path'] ?? []) assert.ok(said.argv.includes(`--python-path=${path}`), said.argv.join('\n'));
        if (config.app.script !== null) assert.ok(said.argv.includes(`--script=${config.app.script}`), said.argv.join('\n'));
        assert.ok(said.argv.includes('--generation=7') && said.argv.includes('--worker=1'), said.argv.join('\n'));
      }
    });

    it("makes a user's verify say nothing", async () => {
      const env = { HOME: '/home/alice', XDG_RUNTIME_DIR: '/run/user/alice' };
      const ini = '[app]\nmodule = blog\ndirectory = /home/alice/my %i "blog"\n[socket]\nlisten = 127.0.0.1:8002\n';
      await lab.write('/home/alice/.config/wsgictl/apps.d/my-blog.ini', ini);
      await lab.sh(`mkdir '/home/alice/my %i "blog"'; chown -R alice: /home/alice; install -d -o alice -m 0700 /run/user/alice`);
      await lab.sh('wsgictl --user render -o /tmp/units', { user: 'alice', env });
      assert.equal(await verify(lab, '/tmp/units', { user: 'alice', env }), '');
    });
  });
}

async function properties(lab: Lab, unit: string): Promise<{ environment: string[]; start: string[] }> {
  const text = await lab.sh(
    `path=$(busctl --json=short call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager LoadUnit s "$UNIT" | sed 's/.*\\["\\(.*\\)"\\].*/\\1/')
     busctl --json=short get-property org.freedesktop.systemd1 "$path" org.freedesktop.systemd1.Service Environment ExecStart`,
    { env: { UNIT: unit } },
  );
  const [environment, start] = text.trim().split('\n').map((line) => (JSON.parse(line) as { data: unknown }).data);
  return { environment: environment as string[], start: (start as [string, string[]][])[0]?.[1] ?? [] };
}

/** What a process sees that is started as the unit says, but runs a program of ours. */
async function asProcess(lab: Lab, template: string): Promise<{ cwd: string; argv: string[]; env: Record<string, string> }> {
  const program = `import json, os, sys; print(json.dumps({"cwd": os.getcwd(), "argv": sys.argv, "env": dict(os.environ)}))`;
  await lab.write('/run/tell.py', program);
  const text = await lab.sh(
    `grep -Ev '^(Type|Sockets|Restart.*|WatchdogSec|NotifyAccess)=' "/etc/systemd/system/$TEMPLATE" >"/run/systemd/system/wsgi-probe-7@.service"
     sed -i -E 's|^(ExecStart=("[^"]*"\\|[^ ]*)) [^ ]+|\\1 /run/tell.py|; s|^KillMode=.*|Type=oneshot\\nStandardOutput=file:/run/told|' /run/systemd/system/wsgi-probe-7@.service
     rm -f /run/told; systemctl daemon-reload; systemctl start wsgi-probe-7@1.service; cat /run/told`,
    { env: { TEMPLATE: template } },
  );
  return JSON.parse(text) as { cwd: string; argv: string[]; env: Record<string, string> };
}
