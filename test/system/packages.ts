// Packages for labs: wsgictl's own, a next version of it, and one that brings an app.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Lab, type Release } from '../lab/lab.js';
import { labScript } from '../lab/root.js';

const TREE = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * A next version that differs wherever an upgrade may: the static units (another ExecReload= too), the runner and its
 * path, and the journal of a roll, which has a field and an event more. Each change must have found its place.
 */
const NEXT = `
  dpkg-deb --raw-extract wsgictl.deb next
  change() { grep -qF -- "$2" "next/$1"; python3 -c 'import sys; p, a, b = sys.argv[1:]; s = open(p).read(); open(p, "w").write(s.replace(a, b))' "next/$1" "$2" "$3"; }
  sed -i 's/^Version: .*/Version: 99/' next/DEBIAN/control
  change lib/systemd/system/wsgi-app@.service RestartSec=2 RestartSec=3
  change lib/systemd/system/wsgi-app@.service 'unit reload %i' 'unit roll %i'
  change usr/lib/wsgictl/wsgictl.cjs 'unit.command("reload")' 'unit.command("roll").alias("reload")'
  change usr/lib/wsgictl/wsgictl.cjs '(stateDirectory, ".runner",' '(stateDirectory, ".runners",'
  change usr/lib/wsgictl/wsgictl.cjs 'const stamped = { at: this.now(), ...event };' \\
    'const stamped = { at: this.now(), format: 2, ...event }; require("node:fs").writeSync(this.file, JSON.stringify({ at: this.now(), kind: "progress", percent: 1 }) + "\\n");'
  echo '# 99' >>next/usr/lib/wsgictl/worker/_wsgictl_loop.py
  rm next/DEBIAN/md5sums
  dpkg-deb --root-owner-group --build next next.deb
`;

export interface Packages {
  /** What lintian said of wsgictl.deb. */
  readonly lintian: string;
  readonly remove: () => void;
  /** Boots a lab without wsgictl, with wsgictl.deb and next.deb in /srv. */
  readonly boot: (release: Release) => Promise<Lab>;
}

/** Builds the package from the files that git knows, in a lab: this machine gets no build dependencies. */
export async function buildPackages(): Promise<Packages> {
  const folder = mkdtempSync(join(tmpdir(), 'wsgictl-package-'));
  const names = ['wsgictl.deb', 'next.deb'];
  const lab = await Lab.boot('bookworm', { install: false });
  try {
    const tree = join(lab.root, 'build/wsgictl');
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: TREE, encoding: 'utf8' });
    for (const file of files.split('\0').filter(Boolean)) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      copyFileSync(join(TREE, file), join(tree, file));
    }
    cpSync(join(TREE, 'packaging/debian'), join(tree, 'debian'), { recursive: true });
    cpSync(join(TREE, 'node_modules'), join(tree, 'node_modules'), { recursive: true, verbatimSymlinks: true });
    await lab.sh('cd /build/wsgictl && DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage --no-sign --build=binary -d >&2', { timeout: 300_000 });
    await lab.sh(`cd /build && mv wsgictl_*_all.deb wsgictl.deb\n${NEXT}`);
    for (const name of names) copyFileSync(join(lab.root, 'build', name), join(folder, name));
    const lintian = await lab.sh('lintian --allow-root --pedantic --fail-on none /build/wsgictl.deb 2>&1', { timeout: 120_000 });
    return {
      lintian: lintian.trim(),
      remove: () => rmSync(folder, { recursive: true }),
      boot: async (release) => {
        const machine = await Lab.boot(release, { install: false });
        for (const name of names) copyFileSync(join(folder, name), join(machine.root, 'srv', name));
        return machine;
      },
    };
  } finally {
    await lab.stop();
  }
}

/** Builds /srv/news_VERSION.deb, which brings the app `news` and its INI file, and no maintainer script. */
export async function packApp(lab: Lab, version: number, options: { readonly broken?: 'import'; readonly ini?: string } = {}): Promise<void> {
  const control = `Package: news\nVersion: ${version}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDepends: wsgictl\nDescription: an app\n`;
  const ini = `[app]\nmodule = app:application\ndirectory = /usr/share/news\nuser = deploy\n[workers]\nprocesses = 2\n[reload]\nsettle = 300ms\n[health]\nwarm-up = /health\n`;
  const release = JSON.stringify({ release: String(version), importDelay: 0.3, broken: options.broken ?? null, brokenWorker: null });
  const tree = '/srv/pack';
  await lab.sh(`rm -rf ${tree}; install -d -o deploy -g deploy /srv/news/files`);
  await lab.write(`${tree}/DEBIAN/control`, control);
  await lab.write(`${tree}/usr/share/news/app.py`, readFileSync(labScript('fixture-app.py'), 'utf8'));
  await lab.write(`${tree}/usr/share/news/release.json`, release);
  await lab.write(`${tree}/usr/share/wsgictl/apps.d/news.ini`, `${ini}${options.ini ?? ''}`);
  await lab.sh(`dpkg-deb --root-owner-group --build ${tree} /srv/news_${version}.deb`);
}
