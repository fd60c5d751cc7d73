// How long `wsgictl --version` takes, as a ratio to node's own start: `node test/bench/startup.mjs [RUNS]` after a build.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUNS = Number(process.argv[2] ?? 20);
const WSGICTL = fileURLToPath(new URL('../../dist/wsgictl.cjs', import.meta.url));

function time(args) {
  const began = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return Number(process.hrtime.bigint() - began) / 1e6;
}

const median = (times) => times.sort((one, other) => one - other)[Math.floor(times.length / 2)];

// In turn, so that whatever else the machine does hits both.
const [bare, version] = [[], []];
for (let run = 0; run < RUNS; run++) {
  bare.push(time(['-e', '0']));
  version.push(time([WSGICTL, '--version']));
}
const [node, wsgictl] = [median(bare), median(version)];
console.log(`node -e 0: ${node.toFixed(0)} ms; wsgictl --version: ${wsgictl.toFixed(0)} ms; ratio ${(wsgictl / node).toFixed(2)} (medians of ${RUNS})`);
