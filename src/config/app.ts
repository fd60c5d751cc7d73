import type { Diagnostic } from '../errors.js';
import { hasControl, quoted } from './control.js';
import { readCredentials } from './credentials.js';
import { readEnviron, readEnvironment } from './environment.js';
import { Faults } from './fault.js';
import { sectionHint } from './hint.js';
import { appNameFault } from './name.js';
import { overlay } from './overlay.js';
import { bytes } from './path.js';
import { Reader } from './reader.js';
import { applyRules, type Mode } from './rules.js';
import { scan, type Entry, type Section } from './scan.js';
import { readService } from './service.js';
import { SECTIONS } from './sections.js';
import type { AppConfig } from './settings.js';
import { readLines } from './text.js';

export interface ReadApp {
  /** Null if any of the diagnostics is an error. */
  readonly config: AppConfig | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** More than one argument of a program can hold; also far from what systemd reads as one line. */
const LONGEST_VALUE = 65_536;

/** The file that a package brought, which an administrator's own changes setting by setting. */
export interface Packaged {
  readonly file: string;
  readonly content: string | Uint8Array;
}

/** Reads one app's INI file: `name` is the file's name without `.ini`. All that is wrong with it is told at once. */
export function readApp(file: string, name: string, content: string | Uint8Array, mode: Mode, packaged: Packaged | null = null): ReadApp {
  // Units name the file that they come from, so its path may no more end a line than a value may.
  const after = content.length === 0 ? 0 : content.toString().split('\n').length;
  const below = packaged === null ? null : { file: packaged.file, after };
  const faults = new Faults(hasControl(file) ? quoted(file) : file, below);
  if (hasControl(file)) faults.error(0, 'the path of the file holds a control character', 'rename its folder');
  const nameFault = appNameFault(name);
  if (nameFault !== null) faults.error(0, nameFault.message, nameFault.hint);

  const lines = readLines(content, faults);
  if (packaged === null && !faults.fatal && lines.every(({ text }) => /^\s*([#;].*)?$/u.test(text))) {
    faults.error(0, 'the file holds no settings', 'the least is [app] with module and user');
    return { config: null, diagnostics: faults.list() };
  }
  const own = scan(lines, faults);
  checkSections(own, faults);
  const sections = packaged === null ? own : overlay(own, packagedSections(packaged, after, faults));
  const entries = (section: string): readonly Entry[] =>
    sections.filter((one) => one.name === section).flatMap((one) => one.entries).filter((entry) => isReadable(entry, faults));

  const reader = new Reader(sections, faults);
  for (const { name: section, ...rest } of SECTIONS) {
    if (!('open' in rest)) reader.read(section, entries(section));
  }
  const settings = applyRules(reader.settings(), reader, mode, faults);
  const credentials = readCredentials(entries('credentials'), faults);
  const environment = readEnvironment(entries('environment'), faults);
  const environ = readEnviron(entries('environ'), faults);
  const service = readService(entries('service'), faults);
  const diagnostics = faults.list();
  return { config: faults.fatal ? null : { name, file, packaged: below, ...settings, credentials, environment, environ, service, lines: reader.allLines() }, diagnostics };
}

function packagedSections({ content }: Packaged, after: number, faults: Faults): readonly Section[] {
  const sections = scan(readLines(content, faults, after), faults);
  checkSections(sections, faults);
  return sections;
}

function checkSections(sections: readonly Section[], faults: Faults): void {
  const seen = new Map<string, number>();
  for (const { name, line, entries } of sections) {
    if (name === null) {
      const [first] = entries;
      faults.error(first?.line ?? 0, `${quoted(first?.key ?? '')} stands before the first section`, 'begin the file with [app]');
      continue;
    }
    const before = seen.get(name);
    if (!SECTIONS.some((known) => known.name === name)) {
      faults.error(line, `there is no section ${quoted(`[${name}]`)}`, () => sectionHint(name));
    } else if (before !== undefined) {
      faults.error(line, `[${name}] stands twice`, `put its settings below line ${faults.line(before)}`);
    }
    seen.set(name, before ?? line);
  }
}

function isReadable({ key, value, line }: Entry, faults: Faults): boolean {
  // What is left of control characters here is the tab.
  if (hasControl(key) || hasControl(value)) {
    faults.error(line, 'the line holds a tab inside of a name or value', 'write spaces, or set a variable with tabs in an environment-file');
    return false;
  }
  if (bytes(key) > 255) {
    faults.error(line, `the name ${quoted(key)} is longer than 255 bytes`);
    return false;
  }
  if (bytes(value) > LONGEST_VALUE) {
    faults.error(line, `the value of ${quoted(key)} is longer than 64 KiB`);
    return false;
  }
  return true;
}
