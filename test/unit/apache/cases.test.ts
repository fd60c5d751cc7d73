import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { importText, show } from './machine.js';

// Each NAME.conf in test/apache is one behaviour, and NAME.expect all that becomes of it. Lines `#> /path` begin other
// files of the same machine. With UPDATE_CASES=1 the expectations are written: read the diff.
const CASES = new URL('../../../../test/apache/', import.meta.url);

for (const name of readdirSync(CASES).filter((file) => file.endsWith('.conf')).sort()) {
  test(`import of ${name}`, () => {
    const [own = '', ...others] = readFileSync(new URL(name, CASES), 'utf8').split(/^#> (?=\/)/m);
    const files = Object.fromEntries(others.map((text) => [text.slice(0, text.indexOf('\n')).trim(), text.slice(text.indexOf('\n') + 1)]));
    const seen = show(importText({ [`/etc/apache2/${name}`]: own, ...files }));
    const expectation = new URL(name.replace(/\.conf$/, '.expect'), CASES);
    if (process.env.UPDATE_CASES !== undefined) writeFileSync(expectation, seen);
    assert.ok(existsSync(expectation), `${expectation.pathname} is missing`);
    assert.equal(seen, readFileSync(expectation, 'utf8'));
  });
}
