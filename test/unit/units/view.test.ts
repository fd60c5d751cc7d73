import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import type { AppConfig } from '../../../src/config/settings.js';
import { generationOf, stage } from '../../../src/plan/stage.js';
import { render, WORKER_TEMPLATE } from '../../../src/units/render.js';
import { NO_SOCKET_STATUS, socketView, workerView } from '../../../src/units/view.js';
import { asWritten, template, viewOf, workerText } from './made.js';
import { command, readUnit } from './unit-text.js';

function configOf(text: string, name = 'shop'): AppConfig {
  const { config, diagnostics } = readApp(`${name}.ini`, name, `[app]\nmodule = shop.wsgi\nuser = shop\n${text}`, 'system');
  assert.ok(config !== null, JSON.stringify(diagnostics));
  return config;
}

/** Settings, and the directives or options that they make. */
const TABLE: readonly (readonly [text: string, ...made: string[]])[] = [
  ['[workers]\nprocesses = 1', '!--multiprocess'],
  ['[workers]\nprocesses = 2', '--multiprocess'],
  ['[workers]\nthreads = 8\nchildren = wait', '--threads=8', '--children=wait'],
  ['', '!--max-requests', '!--max-requests-jitter', '!--request-timeout', '!--warm-up', '!--warm-up-status', '!--python-path', '!--gunicorn-config'],
  ['[workers]\nmax-requests = 100', '--max-requests=100', '--max-requests-jitter=0'],
  ['[workers]\nmax-requests = off\nmax-requests-jitter = 5', '!--max-requests', '!--max-requests-jitter'],
  ['[workers]\nrequest-timeout = 90s\nheader-timeout = 250ms', '--request-timeout=90', '--header-timeout=0.25'],
  ['[workers]\nwatchdog = off', 'WatchdogSec=0'],
  ['[workers]\nwatchdog = 90', 'WatchdogSec=90s'],
  ['[reload]\ngraceful-timeout = 2min\ninterrupt-timeout = 500ms\nready-timeout = 1h', 'TimeoutStopSec=120s', 'TimeoutAbortSec=500ms', 'TimeoutStartSec=3600s'],
  ['[reload]\ngraceful-timeout = 2min\ninterrupt-timeout = 500ms', '--graceful-timeout=120', '--interrupt-timeout=0.5'],
  ['[health]\nwarm-up = /a\nwarm-up = /b?c=%2F\nstatus = 200, 301-302\ntimeout = 500ms', '--warm-up=/a', '--warm-up=/b?c=%2F', '--warm-up-status=200,301-302', '--warm-up-timeout=0.5'],
  ['[socket]\nbacklog = 7', '--backlog=7'],
  ['[http]\nheader-map = pass', '--header-map=pass'],
  // Elsewhere than below these it answers 404; one that is mounted nowhere answers everywhere.
  ['[proxy]\nmount = /\nmount = /old blog\nroute = /news', '--mount=/old blog', '!--mount=/', '--route=/news', '--route=/'],
  ['[proxy]\nmount = /old blog\nroute = /old blog\nroute = /news', '--mount=/old blog', '--route=/news', '!--route=/', '!--route=/old blog'],
  ['[proxy]\nmount = /\nroute = /news', '!--mount', '!--route'],
  ['', '--idle-timeout=60', '!--min-rate', '!--proof', '!LoadCredential'],
  ['[workers]\nidle-timeout = 1min 30s\nmin-rate = 500', '--idle-timeout=90', '--min-rate=500'],
  ['[workers]\nidle-timeout = off', '!--idle-timeout', '!--min-rate'],
  ['[proxy]\nproof = yes', '--proof', 'LoadCredential=wsgictl-proof:/var/lib/wsgictl/shop/proof'],
  ['[proxy]\nvariables = REMOTE_USER, SSL_CLIENT_S_DN', '--variable=REMOTE_USER=X-Wsgictl-REMOTE-USER', '--variable=SSL_CLIENT_S_DN=X-Wsgictl-SSL-CLIENT-S-DN'],
  ['[environ]\nA = 100% $HOME "x" \\ =\nB =', '--environ=A=100% $HOME "x" \\ =', '--environ=B='],
  ['python-path = /a:/b c', '--python-path=/a', '--python-path=/b c'],
  ['virtualenv = /srv/venv', '!--python-path', '/srv/venv/bin/python'],
  ['umask = 0022', 'UMask=0022'],
  ['sandbox = off', '!ProtectSystem', '!CapabilityBoundingSet', '!NoNewPrivileges', 'PrivateTmp=yes'],
  ['sandbox = strict', 'ProtectSystem=strict', 'ProtectHome=yes', 'MemoryDenyWriteExecute=yes', 'NoNewPrivileges=yes'],
  ['', 'ProtectSystem=full', 'ProtectHome=read-only', '!MemoryDenyWriteExecute', '!ReadWritePaths'],
  // Below these the sandbox is read-only, but for the app's own directory.
  ['directory = /home/shop/site', 'ReadWritePaths=/home/shop/site'],
  ['directory = /root/site', 'ReadWritePaths=/root/site'],
  ['directory = /homely/site', '!ReadWritePaths'],
  ['directory = /home/shop/site\nsandbox = off', '!ReadWritePaths'],
];

for (const [text, ...made] of TABLE) {
  test(`${text.replaceAll('\n', ' ') || 'nothing set'}: ${made.join(' ')}`, () => {
    const directives = readUnit(workerText(configOf(text)));
    const start = directives.find(({ name }) => name === 'ExecStart')?.value ?? '';
    const all = [...command(start), ...directives.map(({ name, value }) => `${name}=${value}`)];
    for (const one of made) {
      if (one.startsWith('!')) assert.ok(!all.some((each) => each === one.slice(1) || each.startsWith(`${one.slice(1)}=`)), one);
      else assert.ok(all.includes(one), `${one} is not in ${all.join('\n')}`);
    }
  });
}

test('whatever is set, the promises of a worker stand in its unit', () => {
  for (const text of ['', 'sandbox = off', 'sandbox = strict', '[service]\nMemoryMax = 1G']) {
    const all = readUnit(workerText(configOf(text))).map(({ section, name, value }) => `${section} ${name}=${value}`);
    for (const one of [
      'Unit StartLimitIntervalSec=0', 'Unit CollectMode=inactive-or-failed', 'Unit JoinsNamespaceOf=wsgi-app-tmp@shop.service', 'Unit Wants=wsgi-app-tmp@shop.service', 'Unit After=wsgi-app-tmp@shop.service', 'Service Type=notify',
      'Service Sockets=wsgi-app@shop.socket', 'Service Slice=wsgi-shop.slice', 'Service KillMode=mixed', 'Service KillSignal=SIGTERM',
      'Service TimeoutStopFailureMode=abort', 'Service WatchdogSignal=RTMIN+8', 'Service Restart=always', 'Service RestartSec=1',
      `Service RestartPreventExitStatus=${NO_SOCKET_STATUS}`, 'Service PrivateTmp=yes',
    ]) {
      assert.equal(all.filter((each) => each === one).length, 1, one);
    }
  }
});

test('two generations of the same configuration and release have the same text', () => {
  const config = configOf('directory = /srv/shop/current\n[environment]\nA = 1\n');
  const around = { mode: 'system', stateDirectory: '/var/lib/wsgictl', unitDirectory: '/etc/systemd/system' } as const;
  const staged = stage(config, asWritten(config), around, template(WORKER_TEMPLATE));
  const [one, other] = [generationOf(staged, 41, '2024-01-01T00:00:00Z'), generationOf(staged, 42, '2025-01-01T00:00:00Z')];
  assert.deepEqual({ ...one, number: 0, createdAt: '' }, { ...other, number: 0, createdAt: '' });
  assert.equal(staged.unitText, workerText(config));
  assert.doesNotMatch(staged.unitText, /4[12]/);
});

test('a generation needs the paths without which no worker can start', () => {
  const config = configOf('directory = /srv/shop\npython-path = /srv/lib:/srv/more\nvirtualenv = /srv/venv\ngunicorn-config = /srv/conf.py\nenvironment-file = /etc/shop.env\nenvironment-file = -/etc/more.env\n[workers]\nprocesses = 3\n');
  const staged = { config, pinned: asWritten(config), template: template(WORKER_TEMPLATE), unitText: '' };
  const { needs, processes, stopTimeout, readyTimeout, settle } = generationOf(staged, 1, '');
  assert.deepEqual(needs, ['/srv/shop', '/srv/venv/bin/python', '/srv/lib', '/srv/more', '/srv/conf.py', '/etc/shop.env']);
  assert.deepEqual([processes, stopTimeout, readyTimeout, settle], [3, 35_000, 60_000, 1_000]);
});

test('a dash in the name is a colon in slices, worker prefixes and their drop-ins, and itself elsewhere', () => {
  const view = viewOf(configOf('', 'my-shop'));
  assert.equal(view.slice, 'wsgi-my:shop.slice');
  assert.equal(view.dropIns, '/etc/systemd/system/wsgi-worker-my:shop-.service.d/');
  assert.equal(view.frozen, '/var/lib/wsgictl/my-shop/generations/%j/app.ini');
  assert.doesNotMatch(render(template(WORKER_TEMPLATE), view), /\\x2d/);
});

test("a release's own path is input: it adds nothing either", () => {
  const config = configOf('directory = /srv/shop/current');
  const pinned = { ...asWritten(config), directory: '/srv/%n "x" $A\\', python: '/srv/py%i $A/python', runner: '/var/lib/%x $A' };
  const around = { mode: 'system', stateDirectory: '/var/100% lib', unitDirectory: '/etc/systemd/system' } as const;
  const directives = readUnit(render(template(WORKER_TEMPLATE), workerView(config, pinned, around)));
  const value = (name: string): string => directives.find((one) => one.name === name)?.value ?? '';
  assert.equal(value('WorkingDirectory'), '/srv/%%n "x" $A\\/');
  assert.equal(value('SourcePath'), '/var/100%% lib/shop/generations/%j/app.ini');
  assert.deepEqual(command(value('ExecStart')).slice(0, 2), [pinned.python, pinned.runner]);
});

test('the files that a generation keeps lie over those of the package, in every sandbox, whatever its number', () => {
  for (const sandbox of ['default', 'strict', 'off']) {
    const config = configOf(`directory = /usr/share/news\nsandbox = ${sandbox}`);
    const around = { mode: 'system', stateDirectory: '/var/lib/wsgictl', unitDirectory: '/etc/systemd/system' } as const;
    const text = (kept: string | null): string => render(template(WORKER_TEMPLATE), workerView(config, { ...asWritten(config), kept }, around));
    const value = readUnit(text('/usr/share/news')).find(({ name }) => name === 'BindReadOnlyPaths')?.value;
    assert.equal(value, '/var/lib/wsgictl/shop/generations/%j/code:/usr/share/news');
    assert.doesNotMatch(text(null), /BindReadOnlyPaths/);
  }
});

test('the socket: default address and group, or what is given', () => {
  assert.deepEqual(socketView(configOf(''), 'www-data', '%t'), {
    source: 'shop.ini', listen: ['%t/wsgi/shop.sock'], freeBind: false, ipv6Only: false, mode: '0660', user: null, group: 'www-data', backlog: '2048',
  });
  assert.equal(socketView(configOf(''), null, '%t').group, '');
  const given = configOf('[socket]\nlisten = /run/100% a\nlisten = [::1]:80\nlisten = @shop\nmode = 600\nuser = me\ngroup = us\nbacklog = 5\n');
  assert.deepEqual(socketView(given, 'www-data', '%t'), {
    source: 'shop.ini', listen: ['/run/100%% a', '[::1]:80', '@shop'], freeBind: false, ipv6Only: false, mode: '0600', user: 'me', group: 'us', backlog: '5',
  });
});
