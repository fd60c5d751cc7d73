import type { Diagnostic } from '../errors.js';
import { place, type Origin } from './origin.js';

/** What is wrong with one value; whoever knows the file and the line makes a Diagnostic of it. */
export class BadValue extends Error {
  override readonly name = 'BadValue';

  constructor(
    /** Follows the setting and its value: "is not a time span". */
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Gathers what is wrong with one configuration, so that all of it is told at once. */
export class Faults {
  readonly #found: Diagnostic[] = [];

  readonly #origin: Origin;

  constructor(file: string, packaged: Origin['packaged'] = null) {
    this.#origin = { file, packaged };
  }

  error(line: number, message: string, hint?: string): void {
    this.#add('error', line, message, hint);
  }

  warn(line: number, message: string, hint?: string): void {
    this.#add('warning', line, message, hint);
  }

  get fatal(): boolean {
    return this.#found.some((fault) => fault.severity === 'error');
  }

  /** The number that a line has in its own file. */
  line(line: number): number {
    return place(this.#origin, line).line;
  }

  /** In the order of the file. */
  list(): readonly Diagnostic[] {
    return [...this.#found].sort((a, b) => a.line - b.line).map((fault) => ({ ...fault, ...place(this.#origin, fault.line) }));
  }

  #add(severity: Diagnostic['severity'], line: number, message: string, hint: string | undefined): void {
    this.#found.push({ file: this.#origin.file, line, message, severity, ...(hint === undefined ? {} : { hint: clip(hint) }) });
  }
}

/** Hints may repeat what the file says, at any length. */
function clip(hint: string): string {
  return hint.length > 200 ? `${hint.slice(0, 200)}...` : hint;
}
