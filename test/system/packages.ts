// Packages for labs: wsgictl's own, put together without the tools that build it for a release, and some that bring apps.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/lab.js';
import { labScript } from '../lab/root.js';

const TREE = fileURLToPath(new URL('../../..', import.meta.url));
/** What debhelper adds to a postinst. */
const POSTINST = 'if [ "$1" = configure ]; then systemd-sysusers wsgictl.conf; systemd-tmpfiles --create wsgictl.conf || true; fi';

/** Installs wsgictl as a package: its files, triggers and maintainer scripts, without manual pages. */
export async function installPackage(lab: Lab): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wsgictl-package-'));
  try {
    cpSync(join(TREE, 'dist'), join(folder, 'dist'), { recursive: true });
    mkdirSync(join(folder, 'dist/man'), { recursive: true });
    symlinkSync(join(TREE, 'packaging'), join(folder, 'packaging'));
    const root = join(folder, 'root');
    const install = [join(TREE, 'packaging/install.mjs'), root, '/usr/lib/systemd/system', '/usr/lib/systemd/user'];
    execFileSync(process.execPath, install, { cwd: folder });
    const debian = (name: string): string => readFileSync(join(TREE, 'packaging/debian', name), 'utf8');
    for (const kind of ['tmpfiles', 'sysusers']) {
      mkdirSync(join(root, `usr/lib/${kind}.d`), { recursive: true });
      writeFileSync(join(root, `usr/lib/${kind}.d/wsgictl.conf`), debian(`wsgictl.${kind}`));
    }
    mkdirSync(join(root, 'DEBIAN'));
    const [, stanza = ''] = debian('control').split('\n\n');
    const control = `${stanza.replace(', ${misc:Depends}', '').trim()}\nVersion: 0.1.0\nMaintainer: Nobody <nobody@example.org>\n`;
    writeFileSync(join(root, 'DEBIAN/control'), control);
    writeFileSync(join(root, 'DEBIAN/triggers'), debian('wsgictl.triggers'));
    for (const name of ['postinst', 'prerm', 'postrm']) {
      const script = debian(`wsgictl.${name}`).replace('#DEBHELPER#', name === 'postinst' ? POSTINST : '');
      writeFileSync(join(root, 'DEBIAN', name), script);
      chmodSync(join(root, 'DEBIAN', name), 0o755);
    }
    const file = join(lab.root, 'srv/wsgictl.deb');
    execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '--build', root, file], { stdio: 'ignore' });
  } finally {
    rmSync(folder, { recursive: true });
  }
  await lab.sh('dpkg -i /srv/wsgictl.deb 2>&1', { timeout: 120_000 });
}

/** The lab's app, with a module that only a request for /late imports, and a request that takes three seconds. */
const MODULE = `
import time
from app import RELEASE, application as usual

def application(environ, start_response):
    if environ['PATH_INFO'] == '/slow':
        time.sleep(3)
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [f'{RELEASE}\\n'.encode()]
    if environ['PATH_INFO'] != '/late':
        return usual(environ, start_response)
    import late
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [f'{RELEASE} {late.RELEASE}\\n'.encode()]
`;

export interface AppPackage {
  readonly name: string;
  readonly version: number;
  readonly broken?: 'import';
  /** Lines of its INI file below [app]. */
  readonly settings?: string;
  /** Whom it runs as, if that account is made when the package is configured. */
  readonly account?: string;
  /** What the package is called, where that is not the app's name; and further lines of its control file. */
  readonly package?: string;
  readonly control?: string;
  /** Further sections of its INI file. */
  readonly sections?: string;
  /** Maintainer scripts, without their first line. */
  readonly postinst?: string;
  readonly prerm?: string;
  /** Its dpkg triggers. */
  readonly triggers?: string;
}

/** What dh_installwsgi puts into such scripts. */
export function snippet(script: 'prerm' | 'postinst', app: string): string {
  return readFileSync(join(TREE, `packaging/debhelper/${script}-wsgi`), 'utf8').replaceAll('#APP#', app);
}

/**
 * Builds a package that brings an app with its INI file, and no maintainer script but for an account and those given;
 * returns its path in the lab.
 */
export async function packApp(lab: Lab, given: AppPackage): Promise<string> {
  const { name, version, broken, settings = '', account, package: called = name, control = '', sections = '' } = given;
  const tree = `/srv/${called}-${version}`;
  const code = `${tree}/usr/share/${name}`;
  const release = { release: String(version), importDelay: 0.1, broken: broken ?? null, brokenWorker: null };
  const files: Record<string, string> = {
    [`${tree}/DEBIAN/control`]: `Package: ${called}\nVersion: ${version}\nArchitecture: all\nDepends: wsgictl\n`
      + `${control}Maintainer: Nobody <nobody@example.org>\nDescription: an app\n`,
    [`${code}/app.py`]: readFileSync(labScript('fixture-app.py'), 'utf8'),
    [`${code}/module.py`]: MODULE,
    [`${code}/late.py`]: `RELEASE = '${version}'\n`,
    [`${code}/release.json`]: JSON.stringify(release),
    [`${tree}/usr/share/wsgictl/apps.d/${name}.ini`]:
      `[app]\nmodule = module\ndirectory = /usr/share/${name}\nuser = ${account ?? 'deploy'}\n${settings}[reload]\nsettle = 300ms\n[health]\nwarm-up = /health\n${sections}`,
    ...(given.triggers === undefined ? {} : { [`${tree}/DEBIAN/triggers`]: given.triggers }),
  };
  for (const [path, text] of Object.entries(files)) {
    const file = lab.root + path;
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
  const postinst = [given.postinst, account === undefined ? undefined : `id ${account} || useradd --system ${account}\n`];
  for (const [script, text] of Object.entries({ postinst: postinst.filter(Boolean).join(''), prerm: given.prerm ?? '' })) {
    if (text === '') continue;
    writeFileSync(`${lab.root}${tree}/DEBIAN/${script}`, `#!/bin/sh\nset -e\n${text}`);
    chmodSync(`${lab.root}${tree}/DEBIAN/${script}`, 0o755);
  }
  await lab.sh(`dpkg-deb -Znone --root-owner-group --build ${tree} ${tree}.deb; rm -r ${tree}`);
  return `${tree}.deb`;
}
