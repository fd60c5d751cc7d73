import { Directive } from './directive.js';
import type { Reader } from './reader.js';
import { effective, type Scope } from './scope.js';
import type { Server } from './servers.js';
import type { Sources } from './sources.js';

/** The files that AllowOverride lets speak of a server's scripts, each as if it were the <Directory> that it lies in. */
export function overridesOf(server: Server, scopes: readonly Scope[], sources: Sources, reader: Reader): readonly Directive[] {
  const scripts = server.directives.filter(({ name }) => /^(wsgiscriptalias|alias)$/u.test(name)).map(({ words }) => words[1] ?? '');
  const folders = new Set(scripts.filter((script) => script.startsWith('/')).flatMap(foldersOf));
  return [...folders].flatMap((folder) => {
    const file = `${folder.replace(/\/$/u, '')}/.htaccess`;
    const target = { url: '/', file };
    const says = effective(scopes, target, 'allowoverride')?.words[0] ?? 'None';
    const text = /^none$/iu.test(says) && effective(scopes, target, 'allowoverridelist') === null ? null : sources.read(file);
    return text === null ? [] : [new Directive('Directory', `"${folder}"`, { file, line: 1, via: null }, 1, [], reader.readFile(file, text))];
  });
}

/** From outside to inside. */
function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(1, -1);
  return ['/', ...parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)];
}
