// Preloaded into wsgictl by NODE_OPTIONS: a roll that finds /run/kill-at ends by SIGKILL, exactly before or after the
// first of its system calls that the file names. The file serves once.
'use strict';
const fs = require('node:fs');

const ORDER = '/run/kill-at';

if (process.argv.includes('unit') && fs.existsSync(ORDER)) {
  const { call, pattern, when } = JSON.parse(fs.readFileSync(ORDER, 'utf8'));
  fs.unlinkSync(ORDER);
  const original = fs[call];
  fs[call] = (...values) => {
    const here = values.some((value) => typeof value === 'string' && new RegExp(pattern).test(value));
    if (here && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = original(...values);
    if (here) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}
