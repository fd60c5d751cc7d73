// Preloaded into wsgictl by NODE_OPTIONS: a roll that finds /run/kill-at ends by SIGKILL, exactly before or after the
// first (or `nth`) of its system calls that the file names; so does another `command` that it names. The file serves once.
'use strict';
const fs = require('node:fs');

const ORDER = '/run/kill-at';

const order = fs.existsSync(ORDER) ? JSON.parse(fs.readFileSync(ORDER, 'utf8')) : null;
if (order !== null && process.argv.includes(order.command ?? 'unit')) {
  const { call, pattern, when, nth = 1 } = order;
  fs.unlinkSync(ORDER);
  const original = fs[call];
  let seen = 0;
  fs[call] = (...values) => {
    const here = values.some((value) => typeof value === 'string' && new RegExp(pattern).test(value)) && ++seen === nth;
    if (here && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = original(...values);
    if (here) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}
