// Debian packages that a few tests want in their lab, beside what all roots have.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lab } from './lab.js';
import { ensureRoot, labScript } from './root.js';

/** Installs packages with all that they need. They are downloaded once, beside the root of the lab's release. */
export async function installPackages(lab: Lab, packages: readonly string[]): Promise<void> {
  const root = await ensureRoot(lab.release);
  const kept = `${root}-${packages.join('-')}`;
  await promisify(execFile)(labScript('packages.sh'), [root, kept, ...packages], { maxBuffer: 1 << 24 });
  const inside = join(lab.root, 'tmp/packages');
  mkdirSync(inside);
  for (const file of readdirSync(kept)) copyFileSync(join(kept, file), join(inside, file));
  await lab.sh('dpkg --install /tmp/packages/*.deb >&2', { timeout: 180_000, env: { DEBIAN_FRONTEND: 'noninteractive' } });
}
