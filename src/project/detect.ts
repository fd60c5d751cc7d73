import { hasControl } from '../config/control.js';
import { turns } from '../config/visible.js';
import { inModule, isScript, type Candidate } from './candidate.js';
import type { Tree } from './tree.js';

export interface Project {
  /** Where it lives, through the link `current` where it has one. */
  readonly directory: string;
  /** The best first. */
  readonly candidates: readonly Candidate[];
  readonly virtualenv: string | null;
  /** A file of variables that is there. */
  readonly environmentFile: string | null;
  readonly isDjango: boolean;
  readonly hasCurrent: boolean;
}

const VIRTUALENVS = ['venv', '.venv', 'env'];
const NOT_CODE = /^(\.|__|tests?$|test_|conftest|setup\.py$|node_modules$|docs?$|build$|dist$|static$|media$|migrations$|manage\.py$)/u;

/** Looks at a project's files, and runs none of them. */
export function detect(directory: string, tree: Tree): Project {
  const current = `${below(directory)}current`;
  const hasCurrent = tree.isLink(current) && tree.list(current) !== null;
  const base = hasCurrent ? current : directory;
  // Before the look at all the rest, which may have an end before that of the project.
  const virtualenvs = virtualenvsIn(base, directory, tree);
  const environmentFile = `${below(base)}.env`;
  const hasEnvironmentFile = tree.read(environmentFile) !== null;
  const roots = [base, ...directoriesIn(base, tree)].filter((one) => !isVirtualenv(one, tree));
  const django = roots.flatMap((root) => djangoIn(root, tree));
  const candidates = unique([...django, ...roots.flatMap((root) => scriptsIn(root, base, tree)), ...modules(base, tree, new Set(django.map(({ directory: root, value }) => `${below(root)}${value.replace('.', '/')}.py`)))]).sort((one, other) => one.rank - other.rank);
  const [best] = candidates;
  return {
    directory: base,
    candidates,
    // Of several, the one beside what runs.
    virtualenv: virtualenvs.find((one) => best !== undefined && parent(one) === best.directory) ?? virtualenvs[0] ?? null,
    environmentFile: hasEnvironmentFile ? environmentFile : null,
    isDjango: django.length > 0,
    hasCurrent,
  };
}

/** manage.py, and the wsgi.py of the package that its settings are in, before those of others. */
function djangoIn(root: string, tree: Tree): Candidate[] {
  const manage = tree.read(`${below(root)}manage.py`);
  if (manage === null || !/django/iu.test(manage)) return [];
  const settings = /["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/u.exec(manage)?.[1];
  const own = settings?.split('.')[0];
  return directoriesIn(root, tree).flatMap((folder): Candidate[] => {
    const name = folder.slice(below(root).length);
    const file = `${folder}/wsgi.py`;
    const text = tree.read(file);
    if (text === null || !isScript(text) || !isName(name)) return [];
    return [{ setting: 'module', value: `${name}.wsgi`, directory: root, why: `${file}: Django's, beside manage.py`, rank: name === own ? 0 : 1 }];
  });
}

function scriptsIn(root: string, base: string, tree: Tree): Candidate[] {
  return names(root, tree).filter((name) => name.endsWith('.wsgi')).flatMap((name): Candidate[] => {
    const file = `${below(root)}${name}`;
    return isScript(tree.read(file) ?? '') ? [{ setting: 'script', value: file, directory: base, why: `${file}: a script with \`application\``, rank: 1 }] : [];
  });
}

/** Modules and packages right in the project, or in its `src`, but for `known` files; a folder that is no package is where its modules are imported from. */
function modules(base: string, tree: Tree, known: ReadonlySet<string>): Candidate[] {
  return [base, `${below(base)}src`].flatMap((root) => names(root, tree).flatMap((name) => {
    const path = `${below(root)}${name}`;
    if (name.endsWith('.py')) return look(path, name.slice(0, -'.py'.length), root, tree);
    if (!isName(name) || name === 'src' || isVirtualenv(path, tree)) return [];
    const isPackage = tree.read(`${path}/__init__.py`) !== null;
    return [
      ...look(`${path}/__init__.py`, name, root, tree),
      ...names(path, tree).filter((one) => one.endsWith('.py')).flatMap((one) => {
        const module = one.slice(0, -'.py'.length);
        if (known.has(`${path}/${one}`)) return [];
        return isPackage ? look(`${path}/${one}`, `${name}.${module}`, root, tree) : look(`${path}/${one}`, module, path, tree);
      }),
    ];
  }));
}

function look(file: string, module: string, directory: string, tree: Tree): Candidate[] {
  const text = tree.read(file);
  return text === null || !module.split('.').every(isName) ? [] : inModule({ file, module, directory, text });
}

/** By their usual names in the project, at its link and around it; then any in the project, and the usual ones one folder down. */
function virtualenvsIn(base: string, directory: string, tree: Tree): readonly string[] {
  const usual = (folder: string): string[] => VIRTUALENVS.map((name) => `${below(folder)}${name}`);
  const inside = directoriesIn(base, tree);
  const beside = base === directory ? [] : directoriesIn(directory, tree);
  const all = [...[base, directory, parent(directory)].flatMap(usual), ...inside, ...beside, ...inside.flatMap(usual)];
  return [...new Set(all)].filter((path) => isVirtualenv(path, tree));
}

function isVirtualenv(path: string, tree: Tree): boolean {
  return tree.read(`${below(path)}pyvenv.cfg`) !== null;
}

/** No name here has a newline. */
function unique(candidates: readonly Candidate[]): Candidate[] {
  const first = new Map<string, Candidate>();
  for (const one of candidates) {
    const key = [one.setting, one.value, one.directory].join('\n');
    if (!first.has(key)) first.set(key, one);
  }
  return [...first.values()];
}

/** A name with control characters would be lines of the proposal, and one that is not read as it is written a wrong one. */
function names(directory: string, tree: Tree): readonly string[] {
  return [...(tree.list(directory) ?? [])].filter((name) => !NOT_CODE.test(name) && !hasControl(name) && !turns(name)).sort();
}

function directoriesIn(directory: string, tree: Tree): readonly string[] {
  return names(directory, tree).map((name) => `${below(directory)}${name}`).filter((path) => tree.list(path) !== null);
}

const below = (directory: string): string => (directory === '/' ? '/' : `${directory}/`);
const parent = (directory: string): string => directory.slice(0, directory.lastIndexOf('/')) || '/';
const isName = (text: string): boolean => /^[A-Za-z_]\w*$/u.test(text);
