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

/** How many faults of one configuration are told: one that is none has one in each line. */
const MOST = 100;

/** Gathers what is wrong with one configuration, so that all of it is told at once. */
export class Faults {
  readonly #found: Diagnostic[] = [];

  readonly #origin: Origin;

  #fatal = false;
  #untold = 0;

  constructor(file: string, packaged: Origin['packaged'] = null) {
    this.#origin = { file, packaged };
  }

  /** `hint`: a function where it takes time to find. */
  error(line: number, message: string, hint?: string | (() => string | undefined)): void {
    this.#fatal = true;
    this.#add('error', line, message, hint);
  }

  warn(line: number, message: string, hint?: string): void {
    this.#add('warning', line, message, hint);
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  /** The number that a line has in its own file. */
  line(line: number): number {
    return place(this.#origin, line).line;
  }

  /** In the order of the file. */
  list(): readonly Diagnostic[] {
    const told = [...this.#found].sort((a, b) => a.line - b.line).map((fault) => ({ ...fault, ...place(this.#origin, fault.line) }));
    if (this.#untold === 0) return told;
    return [...told, { file: this.#origin.file, line: 0, message: `${this.#untold} more faults are not shown`, severity: this.#fatal ? 'error' : 'warning' }];
  }

  #add(severity: Diagnostic['severity'], line: number, message: string, given: string | (() => string | undefined) | undefined): void {
    if (this.#found.length === MOST) {
      this.#untold += 1;
      return;
    }
    const hint = typeof given === 'function' ? given() : given;
    this.#found.push({ file: this.#origin.file, line, message, severity, ...(hint === undefined ? {} : { hint: clip(hint) }) });
  }
}

/** Hints may repeat what the file says, at any length. */
function clip(hint: string): string {
  return hint.length > 200 ? `${hint.slice(0, 200)}...` : hint;
}
