import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { appNameFault } from '../config/name.js';
import { UserError } from '../errors.js';
import type { Generation } from '../plan/generation.js';
import { last, standingFailure, type RollEvent, type Wish } from '../roll/events.js';
import { ifTaken, syncDirectory, writeWhole } from './files.js';
import { Folder } from './folder.js';
import { keepTree } from './kept.js';
import { reasonFile } from './reason-file.js';
import { lineOf, RollLog } from './roll-log.js';
import type { Stamps } from './stamps.js';
import { readTrusted, type Trusted } from './trust.js';

/** A move of an app's socket that was begun and is not finished. */
export interface SocketMove {
  /** The addresses that it moves away from. */
  readonly from: readonly string[];
}

/** How many generations and rolls are remembered, the one that serves not counted. */
const KEPT = 10;
/** How many are that never served: they failed, or are about to be asked for. */
const KEPT_FAILED = 5;

/**
 * What wsgictl remembers of one app, in the state directory:
 *
 *     current -> generations/7      the committed generation: moved by one rename
 *     processes                     how many workers are wanted, where it is not what the generation says
 *     wish                          what the next start is to do, of an app that was stopped when something changed
 *     socket-move                   there while the socket moves
 *     touched                       how the files stood by which it is reloaded, where there are any
 *     generations/7/                record.json, unit.service, app.ini (frozen, with the mode of the original), `served`
 *                                   if it ever did; of a packaged app also code/, the files of its directory
 *     rolls/12.jsonl                the events of a roll; without an `end` it was cut off
 *     rolls/12.reason               what the worker said by which it failed: for who may read the journal
 */
export class Ledger {
  /** As this machine names it: of another root, for messages only. */
  readonly directory: string;
  readonly #folder: Folder;

  constructor(private readonly state: Folder, readonly app: string) {
    this.directory = state.show(app);
    this.#folder = new Folder(join(state.path, app), state.root);
  }

  current(): number | null {
    const number = Number(/^generations\/([1-9][0-9]*)$/.exec(this.#folder.link('current') ?? '')?.[1]);
    return Number.isNaN(number) ? null : number;
  }

  /** Makes a generation the one that serves; that it has is remembered for as long as it is kept. Writes nothing that is so already. */
  commit(generation: number): void {
    ifTaken(() => {
      for (const number of [this.current() ?? generation, generation]) {
        if (!this.#folder.has(`generations/${number}/served`)) writeWhole(this.#file(number, 'served'), '');
      }
    });
    if (this.current() === generation) return;
    const temporary = join(this.directory, 'current.tmp');
    rmSync(temporary, { force: true });
    symlinkSync(`generations/${generation}`, temporary);
    renameSync(temporary, join(this.directory, 'current'));
    syncDirectory(this.directory);
  }

  /** The wanted number of workers, or null where it is the generation's own. */
  processes(): number | null {
    const text = this.#folder.read('processes');
    return text === null ? null : Number(text);
  }

  setProcesses(processes: number | null): void {
    this.#set('processes', processes === null ? null : `${processes}\n`);
  }

  /** What the next start is to do, of an app that does not run. */
  wish(wish: Wish): void {
    this.#set('wish', JSON.stringify(wish));
  }

  standing(): Wish | null {
    return this.#json('wish') as Wish | null;
  }

  /** Reads the wish and forgets it; one that cannot be forgotten is not taken, or it would come true again and again. */
  takeWish(): Wish | null {
    const wish = this.standing();
    return wish === null || !ifTaken(() => this.#set('wish', null)) ? null : wish;
  }

  socketMove(): SocketMove | null {
    return this.#json('socket-move') as SocketMove | null;
  }

  /** Null: it is finished. */
  setSocketMove(move: SocketMove | null): void {
    this.#set('socket-move', move === null ? null : JSON.stringify(move));
  }

  /** The files by which the app is reloaded, as they stood when that was last looked at. */
  touched(): Stamps {
    return (this.#json('touched') ?? {}) as Stamps;
  }

  setTouched(stamps: Stamps): void {
    this.#set('touched', Object.keys(stamps).length === 0 ? null : JSON.stringify(stamps));
  }

  /** The numbers of the generations, lowest first. */
  generations(): number[] {
    return numbered(this.#folder.list('generations'), /^([1-9][0-9]*)$/);
  }

  /** Those that have served, lowest first. */
  served(): number[] {
    // Older versions have left it in the logs only.
    const committed = this.rolls().flatMap((roll) => this.events(roll).flatMap((event) => (event.kind === 'commit' ? [event.generation] : [])));
    return this.generations().filter((number) => this.#folder.has(`generations/${number}/served`) || committed.includes(number));
  }

  generation(number: number): Generation | null {
    return this.#json(`generations/${number}/record.json`) as Generation | null;
  }

  unitText(number: number): string | null {
    return this.#folder.read(`generations/${number}/unit.service`);
  }

  /** The path of the frozen INI file. */
  frozen(number: number): string {
    return this.#file(number, 'app.ini');
  }

  /** The frozen INI file itself. Throws as open(2) does. */
  ini(number: number): Trusted {
    return readTrusted(this.frozen(number));
  }

  /** Takes the next number, above all that were ever seen. It is never given out again, whatever happens next. */
  reserve(seen: readonly number[]): number {
    const folder = join(this.directory, 'generations');
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (;;) {
      const number = 1 + Math.max(0, ...seen, ...this.generations());
      // Unless another command has just taken it.
      if (mkdirSync(join(folder, String(number)), { recursive: true, mode: 0o755 }) === undefined) continue;
      syncDirectory(folder);
      return number;
    }
  }

  /** A number was taken, and no generation made: nothing stays of an app that has none. */
  giveBack(number: number): void {
    for (const name of [`generations/${number}`, 'generations', '.']) this.#folder.removeEmpty(name);
  }

  dropGeneration(number: number): void {
    this.#folder.removeTree(`generations/${number}`);
  }

  /** The directory that a generation keeps, or null. */
  code(number: number): string | null {
    const code = this.#file(number, 'code');
    return existsSync(code) ? code : null;
  }

  /** `ini`: the file to freeze, as it was read; it keeps its mode and owner, since it may hold secrets. `code`: the directory to keep. */
  record(generation: Generation, unitText: string, ini: Trusted, code: string | null): void {
    if (code !== null) keepTree(code, this.#file(generation.number, 'code'));
    const { mode, uid, gid } = ini.stats;
    const frozen = this.frozen(generation.number);
    writeWhole(frozen, ini.content, 0o600);
    if (process.getuid?.() === 0) chownSync(frozen, uid, gid);
    chmodSync(frozen, mode & 0o777);
    writeWhole(this.#file(generation.number, 'unit.service'), unitText);
    writeWhole(this.#file(generation.number, 'record.json'), `${JSON.stringify(generation, null, 2)}\n`);
  }

  /** The sequence numbers of the rolls, lowest first. */
  rolls(): number[] {
    return numbered(this.#folder.list('rolls'), /^([1-9][0-9]*)\.jsonl$/);
  }

  lastRoll(): number {
    return this.rolls().at(-1) ?? 0;
  }

  /** The events of a roll; a line that was cut off is left out. */
  events(roll: number): RollEvent[] {
    const text = this.#folder.read(`rolls/${roll}.jsonl`) ?? '';
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as RollEvent];
      } catch {
        return [];
      }
    });
  }

  /** The roll that failed and that nothing since has made good, reboots and starts of what is committed included; null for none. */
  lastFailed(): number | null {
    const rolls = this.rolls().reverse();
    return rolls[standingFailure(this.#eventsOf(rolls))] ?? null;
  }

  /** The events of the last roll if it has no end: it goes on, or was cut off. */
  unfinished(): RollEvent[] | null {
    const roll = this.lastRoll();
    const events = this.events(roll);
    return roll === 0 || last(events, 'end') !== null ? null : events;
  }

  /** Gives the last roll the end that it could not write itself. */
  endUnfinished(end: Extract<RollEvent, { kind: 'end' }>): void {
    const events = this.unfinished();
    if (events === null) return;
    writeWhole(this.rollFile(this.lastRoll()), [...events, end].map(lineOf).join(''));
  }

  rollFile(roll: number): string {
    return join(this.directory, 'rolls', `${roll}.jsonl`);
  }

  /** Reserves the next sequence number, for good, and returns the open log of that roll; one that is lost where nothing can be written. */
  beginRoll(now: () => number): RollLog {
    const number = this.lastRoll() + 1;
    return RollLog.open(number, this.rollFile(number), now);
  }

  /**
   * Forgets all but the newest rolls and generations, and the roll whose failure is still to be told; `keep` are in use.
   * What has served is kept apart from what failed, and starts from deploys: neither must push the other out.
   */
  prune(keep: readonly number[]): void {
    const rolls = this.rolls();
    const lastFailed = this.lastFailed();
    if (rolls.length > 2 * KEPT) {
      const starts = rolls.filter((roll) => last(this.events(roll), 'begin')?.wish.kind === 'start');
      for (const kind of [starts, rolls.filter((roll) => !starts.includes(roll))]) {
        const old = kind.slice(0, -2 * KEPT).filter((one) => one !== lastFailed);
        for (const file of old.flatMap((roll) => [this.rollFile(roll), reasonFile(this, roll)])) rmSync(file, { force: true });
      }
    }
    const served = this.served();
    const failed = this.generations().filter((number) => !served.includes(number));
    const standing = this.standing();
    const needed = [this.current(), standing?.kind === 'made' ? standing.generation : null, ...keep];
    for (const number of [...served.slice(0, -KEPT - 1), ...failed.slice(0, -KEPT_FAILED)]) {
      if (!needed.includes(number)) this.dropGeneration(number);
    }
  }

  /** Makes an app known that never ran: there are units of it to remove. */
  introduce(): void {
    this.#folder.make('generations');
  }

  exists(): boolean {
    return this.state.has(this.app);
  }

  forget(): void {
    this.state.removeTree(this.app);
  }

  *#eventsOf(rolls: readonly number[]): Iterable<RollEvent[]> {
    for (const roll of rolls) yield this.events(roll);
  }

  /** Null removes it. */
  #set(name: string, text: string | null): void {
    if (text === null) this.#folder.remove(name);
    else if (this.#folder.read(name) !== text) this.#folder.write(name, text);
  }

  #json(name: string): unknown {
    const text = this.#folder.read(name);
    try {
      return text === null ? null : JSON.parse(text);
    } catch {
      throw new UserError(`${this.#folder.show(name)} is damaged`, 'restore it from a backup, or remove it');
    }
  }

  #file(generation: number, name: string): string {
    return join(this.directory, 'generations', String(generation), name);
  }
}

/** The apps that anything is remembered of. */
export function knownApps(state: Folder): string[] {
  return (state.list() ?? []).filter((app) => appNameFault(app) === null && state.stat(`${app}/generations`)?.isDirectory() === true).sort();
}

function numbered(names: readonly string[] | null, pattern: RegExp): number[] {
  return (names ?? []).flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b);
}
