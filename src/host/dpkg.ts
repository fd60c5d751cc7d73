import { spawnSync } from 'node:child_process';

/** A package that dpkg has begun to install and not come to an end with. */
export interface Unconfigured {
  readonly name: string;
  /** As dpkg names it: `half-configured`, where its postinst failed, `unpacked`, … (dpkg(1)). */
  readonly state: string;
}

/** What else there is has run its postinst; it may await what other packages do about triggers. */
const CONFIGURED = ['installed', 'triggers-awaited', 'triggers-pending'];
/** In ms. */
const LIMIT = 30_000;

/**
 * The first package of those that bring these files which is not configured: what it brought is not to run yet (Debian
 * Policy 6.5). Null where all are, or no package brings them; also of another system than this one, whose dpkg is not asked.
 */
export function unconfigured(root: string, files: readonly string[]): Unconfigured | null {
  if ((root !== '' && root !== '/') || files.length === 0) return null;
  const packages = query(['--search', ...files]).flatMap((line) => {
    const owners = /^(?!diversion by )(.+): \//u.exec(line)?.[1];
    return owners === undefined ? [] : owners.split(', ');
  });
  if (packages.length === 0) return null;
  const states = query(['--show', '--showformat=${Package} ${db:Status-Status}\\n', ...new Set(packages)]);
  for (const line of states) {
    const [name = '', state = ''] = line.split(' ');
    if (state !== '' && !CONFIGURED.includes(state)) return { name, state };
  }
  return null;
}

/** The lines that dpkg-query prints, whatever it does not find. */
function query(args: readonly string[]): string[] {
  const { stdout } = spawnSync('dpkg-query', args, { encoding: 'utf8', timeout: LIMIT, stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, LC_ALL: 'C' } });
  return (stdout ?? '').split('\n').filter(Boolean);
}
