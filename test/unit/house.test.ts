// The rules of the house: who may import whom, and what a module may touch.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../../../', import.meta.url);

interface Module {
  /** From the repository's root: `src/plan/names.ts`. */
  readonly path: string;
  /** `src/plan`, or `src` for what lies right below it. */
  readonly folder: string;
  readonly text: string;
  /** Without comments, strings and templates. */
  readonly code: string;
  /** Names of packages, `node:fs`, or paths like the above. */
  readonly imports: readonly string[];
}

function modulesOf(folder: string): Module[] {
  return readdirSync(new URL(`${folder}/`, ROOT), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return modulesOf(path);
    return entry.name.endsWith('.ts') ? [moduleOf(path, folder)] : [];
  });
}

function moduleOf(path: string, folder: string): Module {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  const specifiers = [...text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm)].map(([, one, other]) => one ?? other ?? '');
  const imports = specifiers.map((specifier) => {
    if (!specifier.startsWith('.')) return specifier;
    return new URL(specifier, new URL(path, 'file:///')).pathname.slice(1).replace(/\.js$/, '.ts');
  });
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, '""');
  return { path, folder, text, code, imports };
}

const SOURCES = modulesOf('src');
const TESTS = modulesOf('test');
const FOLDERS = [...new Set(SOURCES.map(({ folder }) => folder))];

/** What each folder may import of the others; all may import src/errors.ts. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  'src': ['src/cli', 'src/systemd'],
  'src/cli': ['src/config', 'src/apache', 'src/proxy', 'src/plan', 'src/units', 'src/roll', 'src/systemd', 'src/host', 'src/project'],
  'src/config': [],
  'src/apache': ['src/config', 'src/proxy'],
  'src/proxy': ['src/config'],
  'src/project': ['src/config'],
  'src/plan': ['src/config', 'src/units'],
  'src/units': ['src/config', 'src/plan'],
  'src/roll': ['src/plan', 'src/systemd', 'src/config'],
  'src/systemd': [],
  'src/host': ['src/apache', 'src/project', 'src/config', 'src/plan', 'src/units', 'src/roll', 'src/systemd'],
};

/** Folders that touch neither files nor processes nor clocks. */
const PURE = ['src/config', 'src/apache', 'src/project', 'src/proxy', 'src/plan', 'src/units', 'src/roll'];

const holds = (faults: readonly string[]): void => assert.deepEqual(faults, []);

test('each folder is known to this test, and has something in it', () => {
  assert.deepEqual(FOLDERS.filter((folder) => MAY[folder] === undefined), []);
  assert.ok(SOURCES.length > 40 && TESTS.length > 20);
  assert.ok(SOURCES.every(({ imports, text }) => imports.length > 0 || !/^import/m.test(text)));
});

test('main -> cli -> config, apache, proxy, plan, units, roll, systemd, host; nothing imports cli but main', () => {
  holds(SOURCES.flatMap(({ path, folder, imports }) =>
    imports.filter((one) => one.startsWith('src/') && one !== 'src/errors.ts').filter((one) => {
      const other = one.slice(0, one.lastIndexOf('/'));
      return other !== folder && !MAY[folder]?.includes(other);
    }).map((one) => `${path} imports ${one}`),
  ));
});

test('of systemd, a roll knows only the port', () => {
  holds(SOURCES.filter(({ folder }) => folder === 'src/roll').flatMap(({ path, imports }) =>
    imports.filter((one) => one.startsWith('src/systemd/') && one !== 'src/systemd/port.ts').map((one) => `${path} imports ${one}`),
  ));
});

test('config, apache, proxy, plan, units and roll touch no files, no processes and no clock', () => {
  holds(SOURCES.filter(({ folder }) => PURE.includes(folder)).flatMap(({ path, imports, code }) => [
    ...imports.filter((one) => one.startsWith('node:')).map((one) => `${path} imports ${one}`),
    ...[...code.matchAll(/\b(process|Date|performance|setTimeout|setInterval|setImmediate|console|globalThis|Math\.random|require|fetch)\b/g)].map(([word]) => `${path} uses ${word}`),
  ]));
});

for (const [name, allowed] of [
  ['dbus-next', ['src/systemd/bus.ts']],
  ['handlebars', ['src/units/render.ts']],
  ['ini', ['src/config/scan.ts']],
  ['commander', ['src/main.ts']],
] as const) {
  test(`only ${allowed.join(' and ')} imports ${name}`, () => {
    const importers = SOURCES.filter(({ imports }) => imports.some((one) => one === name || one.startsWith(`${name}/`)));
    assert.deepEqual(importers.map(({ path }) => path), allowed);
  });
}

test('no other package is imported than those four', () => {
  holds([...SOURCES, ...TESTS].flatMap(({ path, imports }) =>
    imports.filter((one) => !/^(node:|src\/|test\/)/.test(one) && !/^(dbus-next|handlebars|ini|commander)$/.test(one)).map((one) => `${path} imports ${one}`),
  ));
});

test('only cli/report.ts writes to standard output and error', () => {
  holds(SOURCES.filter(({ path }) => path !== 'src/cli/report.ts').flatMap(({ path, code }) =>
    [...code.matchAll(/\bconsole\b|\bprocess\.std(out|err)\b/g)].map(([word]) => `${path} uses ${word}`),
  ));
});

test('no default exports, no barrels', () => {
  holds([...SOURCES, ...TESTS].filter(({ code, path }) => /\bexport default\b|\bexport \*/.test(code) || /\/(index|utils?|helpers?)\.ts$/.test(path)).map(({ path }) => path));
});

test('no file is longer than 300 lines', () => {
  holds([...SOURCES, ...TESTS].filter(({ text }) => text.split('\n').length > 301).map(({ path, text }) => `${path}: ${text.split('\n').length - 1} lines`));
});

test('tests import no other tests', () => {
  holds(TESTS.flatMap(({ path, imports }) => imports.filter((one) => one.endsWith('.test.ts')).map((one) => `${path} imports ${one}`)));
});
