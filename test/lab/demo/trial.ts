// What happened to one app, and where that is not what was promised.
import type { LoadReport } from '../load.js';
import { PROCESSES, type Site } from './site.js';

export interface State {
  readonly generation: number | null;
  readonly ready: number;
}

export interface Rolled {
  readonly release: number;
  /** What was typed. */
  readonly command: string;
  readonly code: number;
  readonly ms: number;
  readonly before: State;
  readonly after: State;
  /** The release that answered the clients once the command had ended. */
  readonly serving: string | null;
}

export interface Refusal extends Rolled {
  /** The last line of the traceback that the command showed, or null. */
  readonly reason: string | null;
}

export interface Trial {
  readonly site: Site;
  readonly rolls: readonly Rolled[];
  readonly broken: Refusal;
  readonly load: LoadReport;
}

/** What `wsgictl` promises in EXIT of its errors.ts: the new release failed, the old one serves. */
const ROLLED_BACK = 4;

/** The last line of a traceback among what a command printed. */
export function reasonIn(lines: readonly string[]): string | null {
  const said = lines.map((line) => line.trim());
  const traceback = said.findIndex((line) => line.startsWith('Traceback '));
  return said.slice(Math.max(0, traceback)).filter((line) => /^[\w.]*(Error|Exception)\b/.test(line)).at(-1) ?? null;
}

/** One line for each promise that was not kept. */
export function breaches({ site: { app }, rolls, broken, load }: Trial): string[] {
  const found: string[] = [];
  const expect = (kept: boolean, otherwise: string): void => void (kept || found.push(`${app}: ${otherwise}`));
  for (const failure of load.failures.slice(0, 5)) found.push(`${app}: a request of ${failure.path} failed: ${failure.kind}, ${failure.detail}`);
  expect(load.failed === 0, `${load.failed} of ${load.requests} requests failed`);
  for (const one of rolls) {
    const what = `release ${one.release} (${one.command})`;
    expect(one.code === 0, `${what} ended with exit code ${one.code}`);
    expect(one.serving === String(one.release), `after ${what}, release ${one.serving} answered`);
    expect((one.after.generation ?? 0) > (one.before.generation ?? 0), `${what} made no new generation`);
    expect(one.after.ready === PROCESSES, `after ${what}, ${one.after.ready} of ${PROCESSES} workers were ready`);
  }
  expect(broken.code === ROLLED_BACK, `the broken release ended with exit code ${broken.code}, not ${ROLLED_BACK}`);
  expect(broken.reason !== null, 'why the broken release failed was not said');
  expect(broken.after.generation === broken.before.generation, `generation ${broken.after.generation} is current after the broken release`);
  expect(broken.after.ready === PROCESSES, `${broken.after.ready} of ${PROCESSES} workers were ready after the broken release`);
  expect(broken.serving === String(broken.release - 1), `after the broken release, release ${broken.serving} answered`);
  expect(load.releases.every(({ name }) => name !== String(broken.release)), 'the broken release answered clients');
  return found;
}
