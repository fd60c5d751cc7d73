// Makes what package.json's `bin` names: one bundled file for Node 18 and up, with the templates and
// the worker runner beside it, and compiles the tests to .build/. Run by `npm run build`.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync('.build', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { stdio: 'inherit' });

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/wsgictl.cjs',
  bundle: true,
  platform: 'node',
  target: 'node18',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  define: { WSGICTL_VERSION: JSON.stringify(version) },
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});
chmodSync('dist/wsgictl.cjs', 0o755);
writeFileSync('dist/NOTICES', notices(Object.keys(metafile.inputs)));
cpSync('templates', 'dist/templates', { recursive: true });
cpSync('src/worker', 'dist/worker', { recursive: true, filter: (path) => !path.includes('__pycache__') });

/** What the licences of the projects whose code is in the bundle ask for: their notices. */
function notices(inputs) {
  const names = new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  return [...names].sort().map((name) => {
    const folder = `node_modules/${name}`;
    const { license, author } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? `Licence: ${license}\nCopyright: ${author?.name ?? author}` : readFileSync(`${folder}/${file}`, 'utf8').trim();
    return `${name}\n${'-'.repeat(name.length)}\n${text}\n`;
  }).join('\n');
}
