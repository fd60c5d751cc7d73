import type { Generation } from '../plan/generation.js';
import { parseWorker } from '../plan/names.js';
import type { RollEvent } from '../roll/events.js';
import { withSaid } from '../roll/observe.js';

const PHASES: Readonly<Record<string, string>> = {
  starting: 'starts',
  ready: 'is ready',
  leaving: 'drains',
  down: 'is down',
  gone: 'is gone',
};

/** What a worker does: `is ready`. */
export function phaseInWords(phase: string): string {
  return PHASES[phase] ?? phase;
}

/** One line for an event, or null if it is of no interest to people. */
export function describe(app: string, event: RollEvent): string | null {
  switch (event.kind) {
    case 'begin':
      return null;
    case 'generation':
      return `${app}: generation ${event.generation}, ${event.processes} worker${event.processes === 1 ? '' : 's'}`;
    case 'worker': {
      const name = parseWorker(event.unit);
      const worker = name === null ? event.unit : `worker ${name.index} of generation ${name.generation}`;
      return `${app}: ${worker} ${phaseInWords(event.phase)}${event.note === undefined ? '' : ` (${event.note})`}`;
    }
    case 'waiting':
      return `${app}: waiting for ${event.for}`;
    case 'note':
      return `${app}: ${event.text}`;
    case 'commit':
      return `${app}: generation ${event.generation} serves now`;
    case 'failure':
      return `${app}: ${withSaid(event.reason, event)}`;
    case 'end':
      return `${app}: ${ending(event.outcome)}: ${event.text}`;
    default:
      // Of a newer version: a command may be following a roll when wsgictl is upgraded.
      return null;
  }
}

/** What serves, and where that is. */
export function serves({ number, directory }: Generation): string {
  return `generation ${number} serves${directory === null ? '' : ` ${directory}`}`;
}

/** Why the files of a packaged app are not kept. */
export function notKept(foreign: string): string {
  return `its files are not kept, so what dpkg unpacks reaches its workers at once: another account than root can change ${foreign}`;
}

function ending(outcome: Extract<RollEvent, { kind: 'end' }>['outcome']): string {
  switch (outcome) {
    case 'done':
      return 'done';
    case 'rolled-back':
      return 'rolled back';
    case 'failed':
      return 'failed';
    case 'stopped':
      return 'stopped';
  }
}
