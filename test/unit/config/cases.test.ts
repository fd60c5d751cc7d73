import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { readApp } from '../../../src/config/app.js';
import type { AppConfig } from '../../../src/config/settings.js';
import { formatDiagnostic } from '../../../src/errors.js';

// Each NAME.ini in test/cases is one behaviour. NAME.expect holds the messages, one a line, and then, if there was no
// error, as JSON whatever is not as in the least configuration. A first line `# case: name=my-shop mode=user` gives the
// app another name than the file's, or another mode. With UPDATE_CASES=1 the expectations are written: read the diff.
const CASES = new URL('../../../../test/cases/', import.meta.url);

const least = readApp('least.ini', 'least', '[app]\nmodule = x\nuser = x\n', 'system').config;

for (const file of readdirSync(CASES).filter((name) => name.endsWith('.ini')).sort()) {
  test(`case ${file}`, () => {
    const content = readFileSync(new URL(file, CASES));
    const [, options = ''] = /^# case:(.*)/.exec(content.toString('latin1')) ?? [];
    const name = /name=(\S+)/.exec(options)?.[1] ?? file.slice(0, -'.ini'.length);
    const { config, diagnostics } = readApp(file, name, content, /mode=user/.test(options) ? 'user' : 'system');
    const lines = diagnostics.map(formatDiagnostic);
    const seen = [...lines, ...(config === null ? [] : [JSON.stringify(changed(config), null, 2)])].join('\n') + '\n';
    const expectation = new URL(file.replace(/\.ini$/, '.expect'), CASES);
    if (process.env.UPDATE_CASES !== undefined) writeFileSync(expectation, seen);
    assert.ok(existsSync(expectation), `${expectation.pathname} is missing`);
    assert.equal(seen, readFileSync(expectation, 'utf8'));
  });
}

/** What a configuration says beyond the least one, section by section. */
function changed(config: AppConfig): Record<string, unknown> {
  const { name: _name, file: _file, packaged: _packaged, lines: _lines, ...sections } = config;
  return Object.fromEntries(
    Object.entries(sections).flatMap(([section, settings]): [string, unknown][] => {
      if (Array.isArray(settings)) return settings.length > 0 ? [[section, settings]] : [];
      const usual = (least as unknown as Record<string, Record<string, unknown>>)[section] ?? {};
      const others = Object.entries(settings).filter(([key, value]) => !isDeepStrictEqual(value, usual[key]));
      return others.length > 0 ? [[section, Object.fromEntries(others)]] : [];
    }),
  );
}
