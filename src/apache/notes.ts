import { hasControl, quoted } from '../config/control.js';
import type { Diagnostic } from '../errors.js';
import { viaText, type Place } from './place.js';

/** Gathers what is wrong with all files that are read. One that is read twice is told of once for each time. */
export class Notes {
  readonly #files = new Map<string, number>();
  readonly #found: Diagnostic[] = [];

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
    return this.#found.some(({ severity }) => severity === 'error');
  }

  /** Whether something is wrong with what stands there. */
  isFaultyAt({ file, line }: Place): boolean {
    return this.#found.some((one) => one.severity === 'error' && one.line === line && one.file === plain(file));
  }

  list(): readonly Diagnostic[] {
    const order = ({ file }: Diagnostic): number => this.#files.get(file) ?? this.#files.size;
    return [...this.#found].sort((a, b) => order(a) - order(b) || a.line - b.line);
  }

  #add(severity: Diagnostic['severity'], place: Place, message: string, hint: string | undefined): void {
    const text = plain(`${message}${viaText(place)}`);
    const one = { file: plain(place.file), line: place.line, message: text, severity, ...(hint === undefined ? {} : { hint: plain(hint) }) };
    // Both virtual hosts of a site are often one file's, read twice.
    if (!this.#found.some((other) => other.file === one.file && other.line === one.line && other.message === one.message)) this.#found.push(one);
  }
}

/** What a file holds must not drive the terminal of who reads the message. */
export function plain(text: string): string {
  return hasControl(text) ? quoted(text) : text;
}
