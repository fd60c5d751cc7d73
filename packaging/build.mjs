// Makes what package.json's `bin` names: one bundled file for Node 18 and up, with the templates and
// the worker runner beside it, and compiles the tests to .build/. Run by `npm run build`.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync('.build', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { stdio: 'inherit' });

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/wsgictl.cjs',
  bundle: true,
  platform: 'node',
  target: 'node18',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  define: { WSGICTL_VERSION: JSON.stringify(version) },
  legalComments: 'linked',
  logLevel: 'warning',
});
chmodSync('dist/wsgictl.cjs', 0o755);
cpSync('templates', 'dist/templates', { recursive: true });
cpSync('src/worker', 'dist/worker', { recursive: true, filter: (path) => !path.includes('__pycache__') });
