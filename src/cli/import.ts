import { basename, dirname, join, resolve } from 'node:path';
import type { Ending } from '../apache/endings.js';
import { importApache, type Imported } from '../apache/import.js';
import { showPlace, viaText } from '../apache/place.js';
import { EXIT, formatDiagnostic, UserError, type ExitCode } from '../errors.js';
import { Folder } from '../host/folder.js';
import { outFolder } from '../host/out.js';
import { FileSources } from '../host/sources.js';
import { readTemplate } from '../host/templates.js';
import { apacheView } from '../proxy/apache.js';
import { PROXY_TEMPLATES, render } from '../units/render.js';
import { complain, say, sayFile } from './report.js';
import type { Wire } from './wire.js';

export interface ImportOptions {
  readonly define: readonly string[];
  readonly module: readonly string[];
  readonly serverRoot?: string;
  readonly apacheVersion: string;
  readonly write: boolean;
  readonly out?: string;
}

/** Shows what becomes of an Apache configuration with mod_wsgi; writes it only if asked to, and over nothing. */
export function importFromApache(wire: Wire, files: readonly string[], options: ImportOptions): ExitCode {
  const { root } = wire.places;
  if (!/^\d+(?:\.\d+){0,2}$/u.test(options.apacheVersion)) throw new UserError(`${options.apacheVersion} is no version of Apache`, 'such as 2.4.62: apachectl -v tells it');
  const sources = new FileSources(root);
  const paths = files.map((file) => inside(root, file));
  for (const [at, path] of paths.entries()) {
    if (sources.read(path) === null) throw new UserError(`cannot find ${files[at] ?? ''}`, 'give files, such as /etc/apache2/apache2.conf');
  }
  const imported = importApache(sources, {
    files: paths,
    serverRoot: options.serverRoot ?? serverRoot(paths[0] ?? '/'),
    defines: options.define.map((text) => ({ name: text.replace(/=.*$/su, ''), value: text.includes('=') ? text.slice(text.indexOf('=') + 1) : null })),
    modules: options.module,
    apacheVersion: options.apacheVersion,
  });
  for (const diagnostic of imported.diagnostics) complain(formatDiagnostic(diagnostic));
  const faulty = imported.diagnostics.some(({ severity }) => severity === 'error');
  if (!faulty && imported.directives === 0) {
    const commented = imported.commented === 0 ? '' : ` (${imported.commented} are commented out)`;
    throw new UserError(`there is no WSGI directive in ${files.join(', ')}${commented}`, 'give the file that the others are included from');
  }
  const made = filesOf(wire, imported, options.out);
  for (const [path, text] of made) sayFile(`# ${path}\n${text}`);
  for (const line of summary(imported)) say(line);
  if (faulty) complain('wsgictl: the configuration is faulty: nothing is written');
  else if (options.write || options.out !== undefined) write(wire, made, options.out);
  else say('Nothing is written: that is done by --write, or --out DIR.');
  return faulty ? EXIT.configuration : EXIT.done;
}

/** A file of another root may be named as that root sees it, or as this machine does. */
function inside(root: string, file: string): string {
  const path = resolve(file);
  if (root === '') return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : file.startsWith('/') ? path : resolve('/', file);
}

function serverRoot(file: string): string {
  const [debian] = /^\/etc\/(apache2|httpd)(?=\/)/u.exec(file) ?? [];
  return debian ?? dirname(file);
}

/** The apps' INI files, and what is to be put into the configuration of Apache. */
function filesOf(wire: Wire, { apps, fronts }: Imported, out: string | undefined): ReadonlyMap<string, string> {
  const folder = out === undefined ? wire.places.root + wire.places.apps : resolve(out);
  const files = new Map(apps.map(({ name, text }) => [join(folder, `${name}.ini`), text]));
  const template = readTemplate(wire.places, PROXY_TEMPLATES.apache);
  const text = fronts.map((front) => render(template, apacheView(front))).join('\n');
  // Beside the apps of a machine it would be in the way.
  if (text !== '') files.set(out === undefined ? 'in place of the directives of mod_wsgi, in Apache:' : join(folder, 'apache.conf'), text);
  return files;
}

function summary({ endings, assumed, apps }: Imported): string[] {
  const list = (title: string, end: Ending['end']): string[] => {
    const some = endings.filter((one) => one.end === end);
    return some.length === 0 ? [] : [title, ...some.map((one) => `  ${showEnding(one)}`), ''];
  };
  return [
    ...list("Carried to Apache's part:", 'proxy'),
    ...list('Not carried over:', 'left'),
    ...(apps.length === 0 ? [] : ['Good to know:', ...GOOD_TO_KNOW.map((line) => `  ${line}`)]),
    ...assumed.map((one) => `  Taken for granted: ${one}.`),
  ];
}

const GOOD_TO_KNOW = [
  'Each app is a Python of its own: what WSGIApplicationGroup %{GLOBAL} was for is so by itself.',
  'mod_wsgi gave requests 3 s at a reload of Apache; now they have [reload] graceful-timeout, and Apache can be reloaded at any time.',
  'Workers run in a sandbox: see [app] sandbox if one misses something. gunicorn must be in each virtualenv: wsgictl check tells.',
];

export function showEnding({ place, what, text, advice }: Ending): string {
  return `${showPlace(place)}: ${what}: ${text}${advice === null ? '' : `; ${advice}`}${viaText(place)}`;
}

function write({ places, umask }: Wire, files: ReadonlyMap<string, string>, out: string | undefined): void {
  const folder = out === undefined ? new Folder(places.apps, places.root) : outFolder(out, 0o777 & ~umask);
  if (folder.stat('.')?.isDirectory() === false) throw new UserError(`${folder.show('.')} is no folder: nothing is written`, 'write into one: --out DIR');
  const names = new Map([...files].filter(([path]) => path.startsWith('/')).map(([path, text]) => [basename(path), text]));
  // A link that leads nowhere is there, too.
  const there = [...names.keys()].filter((name) => folder.has(name)).map((name) => folder.show(name));
  if (there.length > 0) throw new UserError(`${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already: nothing is written`, 'move them away, or write into another folder: --out DIR');
  for (const [name, text] of names) {
    folder.write(name, text, 0o666 & ~umask);
    say(`wrote ${folder.show(name)}`);
  }
}
