import { hasControl, quoted } from '../config/control.js';
import type { Diagnostic } from '../errors.js';
import { viaText, type Place } from './place.js';

/** More faults or warnings of one file are nothing to read: it may be somebody else's. */
const MOST = 100;

/** Gathers what is wrong with all files that are read. One that is read twice is told of once for each time. */
export class Notes {
  readonly #files = new Map<string, number>();
  readonly #found: Diagnostic[] = [];
  readonly #said = new Set<string>();
  readonly #faulty = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** Files are told of in the order in which they are first read. */
  reads(file: string): void {
    if (!this.#files.has(file)) this.#files.set(file, this.#files.size);
  }

  fault(place: Place, message: string, hint?: string): void {
    this.#add('error', place, message, hint);
  }

  warn(place: Place, message: string, hint?: string): void {
    this.#add('warning', place, message, hint);
  }

  get faulty(): boolean {
    return this.#faulty.size > 0;
  }

  /** Whether something is wrong with what stands there. */
  isFaultyAt({ file, line }: Place): boolean {
    return this.#faulty.has(`${plain(file)}:${line}`);
  }

  list(): readonly Diagnostic[] {
    const order = ({ file }: Diagnostic): number => this.#files.get(file) ?? this.#files.size;
    return [...this.#found].sort((a, b) => order(a) - order(b) || a.line - b.line);
  }

  #add(severity: Diagnostic['severity'], place: Place, message: string, hint: string | undefined): void {
    const [file, { line }] = [plain(place.file), place];
    if (severity === 'error') this.#faulty.add(`${file}:${line}`);
    const kind = `${severity} ${file}`;
    const count = this.#counts.get(kind) ?? 0;
    if (count > MOST) return;
    const text = count < MOST ? plain(`${message}${viaText(place)}`) : 'there is more, which is not told';
    // Both virtual hosts of a site are often one file's, read twice.
    const key = JSON.stringify([file, line, text]);
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#counts.set(kind, count + 1);
    this.#found.push({ file, line, message: text, severity, ...(hint === undefined || count === MOST ? {} : { hint: plain(hint) }) });
  }
}

/** What a file holds must not drive the terminal of who reads the message. */
export function plain(text: string): string {
  return hasControl(text) ? quoted(text) : text;
}
