// Files that somebody else may have written: nothing is waited for, nothing read without an end, each refusal is in words.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../../dist/wsgictl.cjs', import.meta.url));
/** Of ms: a multiple of what it takes, and far from for ever. */
const LIMIT = 60_000;
const MEBIBYTE = 1_048_576;

const home = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-strangers-')));
after(() => rmSync(home, { recursive: true }));

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(...args: readonly string[]): Said {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: home }, timeout: LIMIT, killSignal: 'SIGKILL' });
  assert.equal(signal, null, `${args.join(' ')} had no end:\n${stdout}${stderr}`);
  assert.doesNotMatch(stdout + stderr, /this is a bug|^ +at .*:\d+/m, args.join(' '));
  return { code: status, out: stdout, err: stderr };
}

const KINDS = ['fifo', 'socket', 'zero', 'loop', 'huge', 'kmsg'] as const;

const REASONS: Readonly<Record<(typeof KINDS)[number], RegExp>> = {
  fifo: /is a FIFO, not a file/,
  socket: /is a socket, not a file/,
  zero: /is a device, not a file/,
  loop: /is a link that leads back to itself/,
  huge: /has more than \d+ MiB/,
  kmsg: /the file holds no settings/,
};

function make(kind: (typeof KINDS)[number], path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  switch (kind) {
    case 'fifo':
      assert.equal(spawnSync('mkfifo', [path]).status, 0);
      break;
    case 'socket':
      assert.equal(spawnSync('python3', ['-c', 'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[2])', dirname(path), path.slice(dirname(path).length + 1)]).status, 0);
      break;
    case 'zero':
      symlinkSync('/dev/zero', path);
      break;
    case 'loop':
      symlinkSync(path, path);
      break;
    case 'huge':
      writeFileSync(path, '');
      truncateSync(path, 3 * 1024 * MEBIBYTE);
      break;
    case 'kmsg':
      symlinkSync('/proc/kmsg', path);
  }
  return path;
}

function write(path: string, text: string): string {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
  return join(home, path);
}

test('init passes over what is no file of a sane size, and finds what is beside it', () => {
  const project = join(home, 'init');
  for (const kind of KINDS) for (const name of ['.py', '.wsgi', '/__init__.py', '/manage.py']) make(kind, join(project, `${kind}${name}`));
  for (const name of ['wsgi.py', 'manage.py', '.env', 'venv/pyvenv.cfg']) make('fifo', join(project, name));
  make('loop', join(project, 'current'));
  write('init/app.py', 'application = 1\n');
  const { code, out, err } = run('init', project);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^module = app$/m);
  assert.doesNotMatch(out, /Also found|^virtualenv/m);
});

test('init needs no more than linear time for any file, and has an end in any tree', () => {
  write('slow/wsgi.py', 'def create_app(\n'.repeat(60_000));
  write('slow/a.py', `app${'\n'.repeat(MEBIBYTE - 100)}`);
  write('slow/b.py', `from x import application${'x '.repeat(50_000)}\n`.repeat(9));
  write('slow/c.py', `app:${' '.repeat(MEBIBYTE - 100)}`);
  write('slow/d.py', `from ${'x'.repeat(MEBIBYTE - 100)}`);
  write('slow/manage.py', `django"DJANGO_SETTINGS_MODULE"${' '.repeat(MEBIBYTE - 100)}`);
  write(`slow/${'deep/'.repeat(500)}wsgi.py`, 'application = 1\n');
  assert.equal(run('init', join(home, 'slow')).code, 1);
  for (let at = 0; at < 20_000; at++) write(`many/m${at}.py`, 'application = 1\n');
  const { code, out } = run('init', join(home, 'many'));
  assert.equal(code, 0);
  assert.match(out, /^# Also found: \d{4,} more$/m);
  assert.ok(out.split('\n').length < 60, out);
});

test('init shows no name that is not what it looks like', () => {
  for (const name of ['a\n[service]\nExecStartPre=x.wsgi', 'b\u001b[31m.wsgi', 'c\u202eigsw.wsgi', 'd\u2028.wsgi', 'e\u009b.wsgi', 'fine.wsgi']) write(`names/${name}`, 'application = 1\n');
  const { out } = run('init', join(home, 'names'));
  assert.deepEqual(out.split('\n').filter((line) => line.includes('script = ')), [`script = ${home}/names/fine.wsgi`]);
});

test('check, render and proxy say of a path what it is', () => {
  mkdirSync(join(home, 'check/folder.ini'), { recursive: true });
  const paths = KINDS.map((kind) => make(kind, join(home, 'check', `${kind}.ini`)));
  const { code, err } = run('check', ...paths, join(home, 'check/folder.ini'), join(home, 'check/none.ini'));
  assert.equal(code, 3);
  for (const kind of KINDS) assert.match(err, new RegExp(`${kind}\\.ini: ${REASONS[kind].source}`));
  assert.match(err, /folder\.ini: is a directory, not a file/);
  assert.match(err, /cannot find .*none\.ini/);
  for (const args of [['render'], ['proxy', 'nginx']]) assert.match(run(...args, join(home, 'check/fifo.ini')).err, /fifo\.ini: is a FIFO, not a file/);
});

test('what is no configuration is told in a hundred faults, in linear time', () => {
  const files = [
    ['keys', `[app]\n${Array.from({ length: 20_000 }, (_, at) => `k${at} = v\n`).join('')}`], ['lines', 'x\n'.repeat(100_000)],
    ['spaces', `[app]\nmodule = a${' '.repeat(MEBIBYTE - 100)}b\n`], ['static', `[proxy]\nstatic = /a${' '.repeat(60_000)}b\n`],
  ].map(([name, text = '']) => write(`faults/${name}.ini`, text.slice(0, MEBIBYTE)));
  const { code, err } = run('check', ...files);
  assert.equal(code, 3);
  assert.ok(err.split('\n').length < 300, `${err.length} bytes`);
  assert.match(err, /keys\.ini: \d+ more faults are not shown/);
});

test('import says which file it cannot read', () => {
  for (const kind of ['fifo', 'loop', 'huge'] as const) {
    const path = make(kind, join(home, 'import', `${kind}.conf`));
    const including = write('import/all.conf', `Include ${path}\nWSGIScriptAlias / /srv/shop.wsgi\n`);
    for (const given of kind === 'fifo' ? [path, including] : [including]) {
      const { code, err } = run('import', 'apache', given);
      assert.equal(code, 1, `${kind}: ${err}`);
      assert.match(err, new RegExp(`cannot read ${path}: it ${REASONS[kind].source}`), kind);
    }
  }
});

test('an account of its own is proposed, not that of root, the proxy or another service, and no secret in the project', { skip: process.getuid?.() !== 0 }, () => {
  write('root/etc/passwd', 'root:x:0:0::/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\nblog:x:120:120::/srv:/bin/sh\nal:x:1000:1000::/home/al:/bin/sh\n');
  const proposed = (name: string, uid: number): string => {
    write(`root/srv/${name}/wsgi.py`, 'application = 1\n');
    write(`root/srv/${name}/.env`, 'SECRET=1\n');
    chownSync(join(home, 'root/srv', name), uid, uid);
    return run('--root', join(home, 'root'), 'init', `/srv/${name}`).out;
  };
  const shop = proposed('shop', 0);
  assert.match(shop, /^# .*useradd --system shop\nuser = shop$/m);
  assert.match(shop, /^# environment-file = \/etc\/wsgictl\/secrets\/shop\.env$/m);
  assert.doesNotMatch(shop, /environment-file = \/srv/);
  assert.match(proposed('mail', 0), /^user = mail-app$/m);
  assert.match(proposed('blog', 0), /^# The system account of that name\.\nuser = blog$/m);
  assert.match(proposed('front', 33), /^user = front$/m);
  assert.match(proposed('my.site', 0), /^user = my-site$/m);
  assert.match(proposed('own', 1000), /^user = al$/m);
});
