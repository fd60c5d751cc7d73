// Builds packaging/out/wsgictl_VERSION_all.deb from the files that git knows: `npm run deb`. As root it installs what
// that needs; nothing else of this machine is touched.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const OUT = 'packaging/out';
const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: 'inherit' });

const missing = missingBuildDependencies();
if (missing.length > 0) {
  console.log(`installing ${missing.join(', ')}`);
  run('apt-get', ['update', '--quiet=2']);
  run('apt-get', ['install', '--yes', '--quiet=2', '--no-install-recommends', ...missing]);
}

const folder = mkdtempSync(join(tmpdir(), 'wsgictl-deb-'));
try {
  const tree = join(folder, 'wsgictl');
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
  for (const file of files.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(file, join(tree, file));
  }
  cpSync('packaging/debian', join(tree, 'debian'), { recursive: true });
  run('npm', ['ci', '--silent', '--prefer-offline'], tree);
  // -d: Node.js and npm run this, from wherever they were installed.
  run('dpkg-buildpackage', ['--no-sign', '--build=binary', '-d'], tree);
  const built = readdirSync(folder).filter((entry) => entry.endsWith('.deb'));
  run('lintian', ['--allow-root', '--pedantic', '--fail-on', 'error,warning,info,pedantic', ...built], folder);
  mkdirSync(OUT, { recursive: true });
  for (const name of built) {
    cpSync(join(folder, name), join(OUT, name), { preserveTimestamps: true });
    console.log(join(OUT, name));
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** What of the build dependencies apt has to install; Node.js and npm are there, or this would not run. */
function missingBuildDependencies() {
  const wanted = [['debhelper'], ['dpkg-dev'], ['fakeroot'], ['lintian'], ['lowdown'], ['pkgconf', 'pkg-config'], ['systemd-dev', 'systemd']];
  const installed = (name) => spawnSync('dpkg-query', ['-W', '-f=${db:Status-Status}', name], { encoding: 'utf8' }).stdout === 'installed';
  return wanted.filter((names) => !names.some(installed)).map(([name, other]) => (name === 'systemd-dev' ? other : name));
}
