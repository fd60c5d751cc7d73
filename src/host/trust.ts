import { readFileSync, type Stats } from 'node:fs';
import { fileReason, UserError } from '../errors.js';
import { nameOf as accountName } from './accounts.js';
import { readIfThere } from './files.js';
import { holdFile, inside } from './inside.js';
import { wayTo, type Step } from './realpath.js';

/** What keeps root from opening a path. */
export interface Distrust {
  /** The folder, link or file that it is about. */
  readonly path: string;
  /** Follows the path: `belongs to shop`. */
  readonly reason: string;
  /** Whether somebody else than root decides what the path leads to, rather than that it is of the wrong kind. */
  readonly foreign: boolean;
}

/**
 * `file`: a regular one; `output`: that, or a device such as /dev/null; `folder`: a directory; `any`: whatever it is;
 * `place`: so too, and whoever owns it, as long as nobody else can put another thing in its place.
 */
export type PathKind = 'file' | 'output' | 'folder' | 'any' | 'place';

export interface Wish {
  readonly kind: PathKind;
  readonly mayMiss: boolean;
  /** The account that is trusted as root is, since it is the one that opens the path; null: root alone. */
  readonly opener: number | null;
  /** Whether a folder such as /tmp will do, where nobody can replace what is there: for what is read at once. */
  readonly sticky?: boolean;
  /** The root that the path is seen from, or an empty string. */
  readonly root?: string;
}

/**
 * Whether root may open a path: each folder on the way, those of links too, is root's and can be written by nobody else,
 * each link is root's, and what is at the end is of the wanted kind. Nothing is opened to find that out. Null: it may; and
 * it stays so until root changes it.
 */
export function distrust(path: string, wish: Wish): Distrust | null {
  const { steps, error } = wayTo(wish.root ?? '', path);
  const end = error === null ? (steps.at(-1) ?? null) : null;
  for (const step of steps) {
    if (step === end && wish.kind === 'place') continue;
    const found = step === end ? ofWrongKind(step, wish.kind) ?? judgeFolder(step, wish) : judgeLink(step, wish) ?? judgeFolder(step, wish);
    if (found !== null) return found;
  }
  if (error === null || (error.code === 'ENOENT' && wish.mayMiss)) return null;
  // Who may not look has root look for himself.
  return error.code === 'EACCES' && self() !== null ? null : notThere(path, error);
}

/**
 * Whether a generation may be started that serves since before such paths were looked at: at this moment its file is a
 * regular one of root's, and no other account's link leads there. Null: it may.
 */
export function distrustAtStart(path: string, { kind, mayMiss }: Pick<Wish, 'kind' | 'mayMiss'>): Distrust | null {
  const { steps, error } = wayTo('', path);
  const wish: Wish = { kind, mayMiss, opener: null };
  const link = steps.map((step) => judgeLink(step, wish)).find((found) => found !== null);
  if (link !== undefined) return link;
  if (error !== null) return error.code === 'ENOENT' && mayMiss ? null : notThere(path, error);
  if (kind === 'place') return null;
  const end = steps.at(-1) as Step;
  return ofWrongKind(end, kind) ?? (end.stats.isFIFO() ? ofWrongKind(end, 'file') : judgeOwner(end, wish));
}

function judgeLink(step: Step, wish: Wish): Distrust | null {
  if (!step.stats.isSymbolicLink() || isTrusted(step.stats.uid, wish)) return null;
  return { path: step.path, reason: `is a link of ${nameOf(step.stats.uid, 'passwd', wish.root)}`, foreign: true };
}

function judgeFolder(step: Step, wish: Wish): Distrust | null {
  if (!step.stats.isDirectory()) return null;
  return judgeOwner(step, wish) ?? (wish.sticky === true && (step.stats.mode & 0o1000) !== 0 ? null : judgeMode(step, wish));
}

function judgeOwner({ path, stats }: Step, wish: Wish): Distrust | null {
  return isTrusted(stats.uid, wish) ? null : { path, reason: `belongs to ${nameOf(stats.uid, 'passwd', wish.root)}`, foreign: true };
}

function judgeMode({ path, stats: { mode, gid } }: Step, wish: Wish): Distrust | null {
  if ((mode & 0o002) !== 0) return { path, reason: 'can be written by everybody', foreign: true };
  // Ubuntu gives it to the group of its log daemon.
  if (path === '/var/log' && nameOf(gid, 'group', wish.root) === 'syslog') return null;
  // Whoever is no root may have given a group of his such rights.
  if ((mode & 0o020) === 0 || wish.opener !== null) return null;
  // Where there is an access list, this bit stands for all that it allows (acl(5)), whatever the group is.
  const others = gid === 0 ? ', or by accounts of its access list (getfacl)' : '';
  return { path, reason: `can be written by the group ${nameOf(gid, 'group', wish.root)}${others}`, foreign: true };
}

function ofWrongKind({ path, stats }: Step, kind: PathKind): Distrust | null {
  const fits = { file: stats.isFile(), output: stats.isFile() || stats.isCharacterDevice(), folder: stats.isDirectory(), any: true, place: true }[kind];
  return fits ? null : { path, reason: `is ${kindOf(stats)}, not a ${kind === 'folder' ? 'directory' : 'regular file'}`, foreign: false };
}

function notThere(path: string, { code, message }: NodeJS.ErrnoException): Distrust {
  return { path, reason: fileReason(code) ?? `cannot be looked at (${code ?? message})`, foreign: false };
}

/** Who runs this, if that is not root. */
function self(): number | null {
  return process.getuid?.() || null;
}

function isTrusted(uid: number, { opener }: Wish): boolean {
  return uid === rootHere() || uid === opener;
}

export interface Trusted {
  readonly content: Buffer;
  readonly stats: Stats;
}

/**
 * Reads a file of root's, or of whoever runs this: what is in it ends up in commands that systemd runs as root. It is
 * read from the descriptor that was looked at. Throws UserError if somebody else could change it, by itself or by a
 * folder or link on the way, and as open(2) does where it is missing or cannot be read.
 */
export function readTrusted(path: string, root = ''): Trusted {
  const wish: Wish = { kind: 'any', mayMiss: true, opener: self(), sticky: true, root };
  refuse(path, distrust(path, wish));
  const { real, error } = wayTo(root, path);
  if (real === null) throw error;
  // Whoever is root in another root may switch links meanwhile, but to nothing outside of it.
  return inside(root, root === '' ? real : path, (here) => holdFile(here, (held, stats) => {
    if (stats.isDirectory()) throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
    const step = { path: real, stats };
    refuse(path, ofWrongKind(step, 'file') ?? judgeOwner(step, wish) ?? judgeMode(step, wish));
    return { content: readFileSync(held), stats };
  }));
}

/** Judges a file as readTrusted does, and opens nothing: it may be anybody's, and of any kind. Throws UserError, too if it is not there. */
export function assertTrusted(path: string): void {
  const wish: Wish = { kind: 'any', mayMiss: false, opener: self(), sticky: true };
  refuse(path, distrust(path, wish));
  const end = wayTo('', path).steps.at(-1);
  if (end !== undefined) refuse(path, judgeOwner(end, wish) ?? judgeMode(end, wish));
}

function refuse(path: string, found: Distrust | null): void {
  if (found === null) return;
  const hint = found.path === path ? `chown root: ${path} && chmod go-w ${path}` : 'keep the file itself in a folder that only root can write';
  throw new UserError(`cannot trust ${path}: ${found.path} ${found.reason}`, hint);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return stats.isFile() ? 'a regular file' : 'a device';
}

/** As this machine calls them: another root's are numbers. */
function nameOf(id: number, file: 'passwd' | 'group', root = ''): string {
  return root === '' ? accountName(id, file) : String(id);
}

/** The account that all belong to who have no number in a user namespace. */
const NOBODY = 65534;

/**
 * The number that root has here. In the user namespace that a user manager makes for PrivateTmp= (systemd 257 does), only
 * the user has one. Any other account looks the same there: that nobody else may write is looked at all the same.
 */
function rootHere(): number {
  // Without /proc, in a chroot, nobody has made such a namespace.
  known ??= /^ *0 /m.test(readIfThere('/proc/self/uid_map') ?? ' 0 ') ? 0 : NOBODY;
  return known;
}
let known: number | null = null;
