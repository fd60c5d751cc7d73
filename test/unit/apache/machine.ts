// Configurations as the tests give them: files in memory, and all that became of them as text.
import { formatDiagnostic } from '../../../src/errors.js';
import { importApache, type Imported, type Wish } from '../../../src/apache/import.js';
import { viaText } from '../../../src/apache/place.js';
import type { Sources } from '../../../src/apache/sources.js';
import type { FrontRoute } from '../../../src/proxy/front.js';

/** Files by their paths; what lies above them are directories. */
export function machine(files: Readonly<Record<string, string>>): Sources {
  return {
    read: (path) => files[path] ?? null,
    list: (path) => {
      const base = path === '/' ? '/' : `${path.replace(/\/$/u, '')}/`;
      const names = Object.keys(files).filter((file) => file.startsWith(base)).map((file) => file.slice(base.length).split('/')[0] ?? '');
      return names.length === 0 ? null : [...new Set(names)];
    },
    kind: (path) => (files[path] === undefined ? null : 'file'),
  };
}

export function importText(files: string | Readonly<Record<string, string>>, wish: Partial<Wish> = {}): Imported {
  const all = typeof files === 'string' ? { '/etc/apache2/site.conf': files } : files;
  return importApache(machine(all), {
    files: [Object.keys(all)[0] ?? ''], serverRoot: '/etc/apache2', defines: [], modules: [], apacheVersion: '2.4.62', ...wish,
  });
}

/** All that an import says, one thing a line. */
export function show({ apps, fronts, endings, diagnostics, assumed, directives, commented }: Imported): string {
  return [
    ...diagnostics.map(formatDiagnostic),
    ...apps.flatMap(({ name, text }) => ['', `== ${name}.ini`, text.trimEnd()]),
    ...fronts.flatMap((front) => [
      '', `== ${front.title}${front.inherits ? '' : ', without what the main server has'}`, ...front.remarks, ...front.routes.map(showRoute),
      ...[...front.guards].flatMap(([name, guard]) => guard.flatMap((lines, at) => lines.map((line) => `<ProxyMatch> ${at === 0 ? '' : `${at + 1} `}of ${name}: ${line}`))),
      ...front.headers.map(({ match, variables, authorization }) => `${showMatch(match)}: ${[...variables, `authorization ${typeof authorization === 'string' ? authorization : `only ${authorization.only.map(showMatch).join(' ')}`}`].join(', ')}`),
    ]),
    '', `== ends of ${directives} directives, ${commented} commented out`,
    ...endings.map(({ place, what, end, text, advice }) => `${place.file}:${place.line}${viaText(place)}: ${what}: ${end}: ${text}${advice === null ? '' : `; ${advice}`}`),
    ...assumed,
  ].join('\n') + '\n';
}

function showRoute(route: FrontRoute): string {
  return `${showMatch(route)} -> ${'keep' in route ? `Apache (${route.keep})` : `${route.app.name}, ${route.app.timeout} s`}`;
}

function showMatch(match: { readonly path: string } | { readonly regex: string }): string {
  return 'path' in match ? match.path : match.regex;
}
