import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { templateUnit } from '../../../src/plan/names.js';
import { socketText, workerText } from './made.js';

// A NAME.unit in test/cases is what is made of NAME.ini: the unit of its workers and, where it says on what to listen,
// the drop-in of its socket. With UPDATE_CASES=1 they are written anew; an empty NAME.unit is filled so.
const CASES = new URL('../../../../test/cases/', import.meta.url);

for (const file of readdirSync(CASES).filter((name) => name.endsWith('.unit')).sort()) {
  test(`units of the case ${file}`, () => {
    const ini = file.replace(/\.unit$/, '.ini');
    const content = readFileSync(new URL(ini, CASES));
    const [, options = ''] = /^# case:(.*)/.exec(content.toString('latin1')) ?? [];
    const name = /name=(\S+)/.exec(options)?.[1] ?? file.slice(0, -'.unit'.length);
    const mode = /mode=user/.test(options) ? 'user' : 'system';
    const { config } = readApp(ini, name, content, mode);
    assert.ok(config !== null, `${ini} is faulty, and no unit is made of it`);
    const units = new Map([[templateUnit(name, 7), workerText(config, mode)]]);
    if (config.socket.listen.length > 0) units.set(`wsgi-app@${name}.socket.d/10-wsgictl.conf`, socketText(config));
    const made = [...units].map(([unit, text]) => `# ${unit}\n${text}`).join('\n');
    if (process.env.UPDATE_CASES !== undefined) writeFileSync(new URL(file, CASES), made);
    assert.equal(made, readFileSync(new URL(file, CASES), 'utf8'));
  });
}
