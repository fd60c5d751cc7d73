import { firstControl, quoted } from '../config/control.js';
import { didYouMean } from '../config/guess.js';
import { conditionHolds, type Conditions } from './condition.js';
import { Directive } from './directive.js';
import { included } from './include.js';
import { isSpace, rawLines, trimmed, type RawLine } from './lines.js';
import { fill, type Macro } from './macro.js';
import { Stretch } from './stretch.js';
import type { Notes } from './notes.js';
import type { Place } from './place.js';
import { allWords, Words } from './words.js';

export interface Surroundings extends Conditions {
  /** What relative paths are relative to, until a ServerRoot says otherwise. */
  readonly serverRoot: string;
}

interface Section {
  readonly name: string;
  readonly place: Place;
  /** As it is written: `<Location /x>`. */
  readonly opened: string;
}

/** Says of a directive, or of the beginning of a section, whether it counts; `open`: the sections around it. */
export type Judge = (directive: Directive, isSection: boolean, open: readonly string[]) => boolean;

/** As deep as Apache goes, or nearly. */
const DEEPEST = 64;
/** No configuration has so many sections in each other, nor so long a line. */
const MOST_NESTED = 200;
const LONGEST = 1_000_000;

/** Reads configurations as Apache does, into a tree; goes on after each fault. */
export class Reader {
  readonly #macros = new Map<string, Macro>();
  /** How many WSGI directives are commented out. */
  commented = 0;
  #serverRoot: string;
  #depth = 0;
  /** Whether an Include or Use has gone round in a circle: then nothing more is read until it is left. */
  #circling = false;
  /** How many sections are open. */
  #nested = 0;
  /** Of a file that may not say all. */
  #judge: Judge | null = null;

  constructor(
    private readonly around: Surroundings,
    private readonly notes: Notes,
  ) {
    this.#serverRoot = around.serverRoot;
  }

  readFile(file: string, text: string, via: Place['via'] = null): readonly Directive[] {
    this.notes.reads(file);
    return this.#read(rawLines(text), (line) => ({ file, line: line.line, via }));
  }

  /** Reads a file that others than the administrator write: of a line that does not count, nothing is done or shown. */
  readOverride(file: string, text: string, judge: Judge): readonly Directive[] {
    this.#judge = judge;
    const found = this.readFile(file, text);
    this.#judge = null;
    return found;
  }

  #read(lines: readonly RawLine[], place: Stretch['place']): readonly Directive[] {
    return this.#block(new Stretch(lines, place), null);
  }

  /** Reads to the end of the section, or of the stretch. */
  #block(stretch: Stretch, section: Section | null): readonly Directive[] {
    const found: Directive[] = [];
    if (section !== null) this.#enter(stretch, section);
    while (stretch.at < stretch.lines.length) {
      const line = stretch.lines[stretch.at] as RawLine;
      if (this.#isComment(line.text)) {
        stretch.at++;
        continue;
      }
      const closed = /^<\/\s*([^\s>]*)\s*>?/u.exec(line.text)?.[1]?.toLowerCase();
      if (closed !== undefined) {
        const isStray = section === null || closed !== section.name || (this.#judge !== null && !/^<\/[^\s>]+>/u.test(line.text));
        if (isStray) this.#strayEnd(stretch, line, section);
        // The end of an outer section ends this one, too, and is left to that.
        const outer = closed !== section?.name && stretch.open.slice(0, -1).includes(closed);
        if (!outer) stretch.at++;
        if (section === null) continue;
        this.#leave(stretch);
        return found;
      }
      stretch.at++;
      for (const one of this.#line(stretch, line)) found.push(one);
    }
    if (section !== null) {
      this.#leave(stretch);
      this.notes.fault(section.place, `${section.opened} is never closed`);
    }
    return found;
  }

  #enter(stretch: Stretch, { name }: Section): void {
    stretch.open.push(name);
    this.#nested++;
  }

  #leave(stretch: Stretch): void {
    stretch.open.pop();
    this.#nested--;
  }

  #strayEnd(stretch: Stretch, line: RawLine, section: Section | null): void {
    const message = this.#judge !== null ? 'what stands here closes no section that is open' : section === null ? `${line.text} closes nothing` : `${line.text} closes ${section.opened} of line ${section.place.line}`;
    this.notes.fault(stretch.place(line), message);
  }

  #isComment(text: string): boolean {
    if (/^#+\s*<?WSGI[A-Za-z]+(\s|$)/u.test(text)) this.commented++;
    return text === '' || text.startsWith('#');
  }

  *#line(stretch: Stretch, line: RawLine): Iterable<Directive> {
    const place = stretch.place(line);
    const { text, unknown } = this.around.variables.expand(line.text);
    if (text.length > LONGEST) {
      this.notes.fault(place, `with the values of its variables, the line has more than ${LONGEST} characters`);
      return;
    }
    const isSection = text.startsWith('<');
    const words = new Words(isSection ? trimmed(text.slice(1).replace(/>$/u, '')) : text);
    // The name stands at once behind the <.
    const name = isSection && isSpace(text[1]) ? '' : words.next() ?? '';
    const directive = new Directive(name, trimmed(words.rest), place, line.last, unknown);
    if (this.#judge?.(directive, isSection, stretch.open) === false) {
      if (isSection && name !== '') this.#skip(stretch, { name: directive.name, place, opened: 'the section' });
      return;
    }
    const control = firstControl(text.replaceAll('\t', ' '));
    if (control !== null) this.notes.fault(place, `the line holds the control character ${control}`);
    else if (!/^\w+$/u.test(name)) this.notes.fault(place, `${quoted(name)} is no directive`, 'a line goes on over a \\ at its very end only');
    else if (!isSection) yield* this.#plain(directive);
    else {
      if (!text.endsWith('>')) this.notes.fault(place, `<${name} has no '>' at its end`);
      yield* this.#section(stretch, directive, line);
    }
  }

  *#section(stretch: Stretch, opened: Directive, line: RawLine): Iterable<Directive> {
    const { name, place } = opened;
    const section = { name, place, opened: `<${opened.written}${opened.text === '' ? '' : ` ${opened.text}`}>` };
    if (this.#nested >= MOST_NESTED) {
      this.notes.fault(place, `more than ${MOST_NESTED} sections stand in each other`);
      this.#skip(stretch, section);
    } else if (/^(?:perl|lua.*)$/u.test(name)) {
      // Its lines are a program's.
      this.#skip(stretch, section);
      yield new Directive(opened.written, opened.text, place, opened.last, opened.unknown, []);
    } else if (name === 'macro') {
      this.#define(stretch, line, section);
    } else if (name.startsWith('if') && name !== 'if') {
      const holds = conditionHolds(opened, this.around, (path) => this.#absolute(path));
      if (holds === null) this.notes.fault(place, `${section.opened} is no comparison of versions`);
      if (holds === true) yield* this.#block(stretch, section);
      else this.#skip(stretch, section);
    } else {
      const children = this.#block(stretch, section);
      yield new Directive(opened.written, opened.text, place, opened.last, opened.unknown, children);
    }
  }

  /** Passes over a section without a look at what it says. */
  #skip(stretch: Stretch, section: Section): void {
    if (!stretch.skip(section.name)) this.notes.fault(section.place, `${section.opened} is never closed`);
  }

  #define(stretch: Stretch, line: RawLine, section: Section): void {
    const [name = '', ...parameters] = allWords(/^<\S+\s*([^]*?)>?$/u.exec(line.text)?.[1] ?? '');
    const begin = stretch.at;
    this.#skip(stretch, section);
    const end = /^<\//u.test(stretch.lines[stretch.at - 1]?.text ?? '') ? stretch.at - 1 : stretch.at;
    if (name === '') this.notes.fault(section.place, 'the macro has no name');
    this.#macros.set(name.toLowerCase(), { name, parameters, lines: stretch.lines.slice(begin, end), place: section.place });
  }

  *#plain(directive: Directive): Iterable<Directive> {
    const [first = '', second] = directive.words;
    switch (directive.name) {
      case 'include':
      case 'includeoptional':
        yield* this.#include(directive, first);
        return;
      case 'use':
        yield* this.#use(directive);
        return;
      case 'undefmacro':
        if (!this.#macros.delete(first.toLowerCase())) this.#noMacro(directive, first);
        return;
      case 'define':
        this.around.variables.define(first, second ?? null);
        return;
      case 'undefine':
        this.around.variables.undefine(first);
        return;
      case 'loadmodule':
        this.around.modules.load(first);
        return;
      case 'serverroot':
        this.#serverRoot = first;
        return;
      default:
        yield directive;
    }
  }

  *#include({ name, place, unknown }: Directive, path: string): Iterable<Directive> {
    const wanted = this.#absolute(path);
    const { files, fault } = included(this.around.sources, wanted);
    if (path === '') this.notes.fault(place, 'Include names no file');
    else if (name === 'include' && fault !== null) {
      const unset = unknown.map((one) => `\${${one}} is not defined`);
      this.notes.fault(place, fault, [...unset, 'files of another machine are found with --root DIR'].join('; '));
    }
    for (const file of files) yield* this.#deeper(place, () => this.readFile(file.path, file.text, { how: 'included', place }));
  }

  *#use(directive: Directive): Iterable<Directive> {
    const { place } = directive;
    const [name = '', ...values] = directive.words;
    const macro = this.#macros.get(name.toLowerCase());
    if (macro === undefined) {
      this.#noMacro(directive, name);
      return;
    }
    if (values.length !== macro.parameters.length) {
      this.notes.fault(place, `the macro ${macro.name} takes ${macro.parameters.length} values, not ${values.length}`, `it is defined on line ${macro.place.line} of ${macro.place.file}`);
      return;
    }
    const lines = macro.lines.map((line) => ({ ...line, text: fill(line.text, macro.parameters, values).trim() }));
    const { file } = macro.place;
    yield* this.#deeper(place, () => this.#read(lines, ({ line }) => ({ file, line, via: { how: 'used', place } })));
  }

  #noMacro({ place }: Directive, name: string): void {
    this.notes.fault(place, `the macro ${name} is not defined`, didYouMean(name, [...this.#macros.values()].map((macro) => macro.name)));
  }

  #deeper(place: Place, read: () => readonly Directive[]): readonly Directive[] {
    if (this.#circling) return [];
    if (this.#depth >= DEEPEST) {
      this.notes.fault(place, 'Include or Use goes round in a circle');
      this.#circling = true;
      return [];
    }
    this.#depth++;
    const found = read();
    this.#depth--;
    if (this.#depth === 0) this.#circling = false;
    return found;
  }

  #absolute(path: string): string {
    return path.startsWith('/') ? path : `${this.#serverRoot.replace(/\/$/u, '')}/${path}`;
  }
}
