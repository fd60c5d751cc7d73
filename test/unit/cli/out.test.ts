// Where files are written that a user names a folder for.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lchownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../../dist/wsgictl.cjs', import.meta.url));
const base = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-out-')));
after(() => rmSync(base, { recursive: true }));

const EVE = 65534;
const ROOT_ONLY = process.getuid?.() === 0 ? false : 'files can only be given away by root';

const site = join(base, 'site.conf');
writeFileSync(site, 'WSGIDaemonProcess shop user=shop home=/srv\nWSGIScriptAlias / /srv/shop.wsgi process-group=shop\n');
mkdirSync(join(base, 'project'));
const ini = join(base, 'hello.ini');
writeFileSync(ini, `[app]\nmodule = hello\nuser = shop\ndirectory = ${join(base, 'project')}\n[socket]\nbacklog = 9\n`);

/** With no programs to call, systemctl for one. */
function run(umask: string, ...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', process.execPath, PROGRAM, ...args], { encoding: 'utf8', env: { PATH: '/nowhere' } });
  return { code: status, out: stdout, err: stderr };
}

const WRITERS: Readonly<Record<string, (out: string) => readonly string[]>> = {
  'import --out': (out) => ['import', 'apache', site, '--out', out],
  'render -o': (out) => ['render', ini, '-o', out],
};

for (const [name, command] of Object.entries(WRITERS)) {
  const folder = (what: string): string => join(base, `${name.replace(/\W+/g, '-')}-${what}`);

  test(`${name} follows no link that was laid in the way of its temporary files, or of what it writes`, () => {
    const out = folder('planted');
    mkdirSync(out);
    const precious = join(out, 'precious');
    writeFileSync(precious, 'precious');
    // The numbers that the process may get.
    const next = spawnSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).stdout;
    for (let pid = Number(next); pid < Number(next) + 2000; pid++) {
      for (const file of ['shop.ini', 'wsgi-app.target', 'wsgi-app@.socket']) symlinkSync(precious, join(out, `${file}.${pid}.tmp`));
    }
    const { code, err } = run('022', ...command(out));
    assert.equal(code, 0, err);
    assert.equal(readFileSync(precious, 'utf8'), 'precious');
  });

  for (const [what, make, said] of [
    ['of another account', (out: string) => { mkdirSync(out); chownSync(out, EVE, EVE); }, /belongs to /],
    ['below one of another account', (out: string) => { mkdirSync(join(out, 'new'), { recursive: true }); chownSync(out, EVE, EVE); }, /belongs to /],
    ['in one of another account, not there yet', (out: string) => { mkdirSync(out); chownSync(out, EVE, EVE); }, /belongs to /],
    ['that everybody can write', (out: string) => { mkdirSync(out); chmodSync(out, 0o777); }, /everybody/],
    ['that everybody can write into, such as tmp', (out: string) => { mkdirSync(out); chmodSync(out, 0o1777); }, /others can write there/],
    ['that a group can write', (out: string) => { mkdirSync(out); chownSync(out, 0, EVE); chmodSync(out, 0o775); }, /group/],
    ['of root that a link of another account leads to', (out: string) => {
      mkdirSync(`${out}-precious`);
      symlinkSync(`${out}-precious`, out);
      lchownSync(out, EVE, EVE);
    }, /is a link of /],
    ['that a link leads to, of another account', (out: string) => {
      mkdirSync(`${out}-linked`);
      chownSync(`${out}-linked`, EVE, EVE);
      symlinkSync(`${out}-linked`, out);
    }, /belongs to /],
  ] as const) {
    test(`${name} refuses a folder ${what}`, { skip: ROOT_ONLY }, () => {
      const out = folder(what);
      make(out);
      const target = /below|not there/.test(what) ? join(out, 'new') : out;
      const before = readdirSync(realpathSync(out));
      const { code, err } = run('022', ...command(target));
      assert.notEqual(code, 0);
      assert.match(err, said);
      assert.deepEqual(readdirSync(realpathSync(out)), before);
      assert.deepEqual(existsSync(target) ? readdirSync(target).filter((file) => file !== 'new') : [], []);
    });
  }

  test(`${name} makes a folder in one such as /tmp, and goes by the umask`, () => {
    const tmp = folder('tmp');
    mkdirSync(tmp);
    chmodSync(tmp, 0o1777);
    const out = join(tmp, 'one/two');
    assert.equal(run('077', ...command(out)).code, 0);
    assert.equal(statSync(join(tmp, 'one')).mode & 0o777, 0o700);
    for (const file of readdirSync(out)) {
      const { mode } = lstatSync(join(out, file));
      assert.equal(mode & 0o077, 0, file);
    }
  });
}

test('what wsgictl writes for all to read is so under any umask', () => {
  const root = join(base, 'root');
  mkdirSync(root);
  mkdirSync(join(root, 'etc/wsgictl/apps.d'), { recursive: true });
  for (const folder of ['usr/bin', 'srv']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'usr/bin/python3'), '');
  writeFileSync(join(root, 'etc/wsgictl/apps.d/shop.ini'), '[app]\nmodule = shop\nuser = shop\n[socket]\nbacklog = 9\n[reload]\ntouch = /srv/touch\n');
  const program = realpathSync(PROGRAM);
  mkdirSync(join(root, program, '..'), { recursive: true });
  writeFileSync(join(root, program), '');
  const { err } = run('077', '--root', root, 'apply');
  assert.match(err, /cannot run systemctl/);
  const modes = (folder: string): string[] => readdirSync(join(root, folder), { withFileTypes: true }).filter((one) => !one.isSymbolicLink()).map((one) => {
    return (statSync(join(root, folder, one.name)).mode & 0o777).toString(8) + (one.isDirectory() ? '/' : '');
  });
  assert.deepEqual([...new Set(['etc/systemd', 'etc/systemd/system', 'etc/systemd/system/wsgi-app@shop.socket.d', 'var', 'var/lib', 'var/lib/wsgictl', 'var/lib/wsgictl/shop'].flatMap(modes))].sort(), ['644', '755/']);
});
