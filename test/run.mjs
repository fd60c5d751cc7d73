// Runs the compiled tests of the named folders with node's own test runner: `node test/run.mjs unit system [word]`.
// A further argument keeps only the files whose path contains it.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folders = process.argv.slice(2).filter((arg) => arg === 'unit' || arg === 'system');
const word = process.argv.slice(2).find((arg) => !folders.includes(arg)) ?? '';

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.js') && path.includes(word) ? [path] : [];
  });
}

const files = folders.flatMap((folder) => testFiles(join('.build/test', folder))).sort();
const reporter = process.env.CI ? ['--test-reporter=tap'] : ['--test-reporter=spec'];
// Labs wait more than they compute: three of them keep two cores busy.
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=3', ...reporter, ...files], { stdio: 'inherit' });
process.exit(status ?? 1);
