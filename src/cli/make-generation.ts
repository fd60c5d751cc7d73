import { PROOF_CREDENTIAL } from '../config/proof.js';
import { ConfigError, UserError } from '../errors.js';
import { broughtNow } from '../host/brought.js';
import { readIni } from '../host/inis.js';
import type { Ledger } from '../host/ledger.js';
import { missing } from '../host/pin.js';
import { ensureProof } from '../host/proof.js';
import type { Generation } from '../plan/generation.js';
import { parseWorker, workersOf } from '../plan/names.js';
import { generationOf } from '../plan/stage.js';
import type { budget } from '../roll/budget.js';
import type { NewEvent, Wish } from '../roll/events.js';
import { insist } from './insist.js';
import { notKept } from './narrate.js';
import { assertOpenable, unopenable } from './openable.js';
import type { Wire } from './wire.js';

/** How long systemd may not answer, in ms. */
const PATIENCE = 60_000;

type Amount = Parameters<typeof budget>[1];
interface Made { readonly generation: Generation; readonly maxSurge: Amount; readonly maxUnavailable: Amount }

/** The generation that a roll is to bring up, where it is not the committed one. Throws ConfigError and UserError. */
export async function madeFor(wish: Exclude<Wish, { kind: 'start' }>, wire: Wire, ledger: Ledger, write: (event: NewEvent) => void): Promise<Made> {
  switch (wish.kind) {
    case 'new':
      return makeGeneration(wire, ledger, write);
    case 'made':
      return takeGeneration(wire, ledger, wish.generation);
    case 'rollback':
      return copyGeneration(wire, ledger, wish.to);
    case 'scale':
      return copyGeneration(wire, ledger, wish.of);
  }
}

async function makeGeneration(wire: Wire, ledger: Ledger, write: (event: NewEvent) => void): Promise<Made> {
  const now = new Date().toISOString();
  const { config, diagnostics, text } = readIni(wire.places, ledger.app);
  if (config === null || text === null) throw new ConfigError(diagnostics);
  const staged = wire.stage(config);
  assertOpenable(wire, staged);
  const { foreign } = staged.pinned;
  if (typeof foreign === 'string') write({ kind: 'note', text: notKept(foreign) });
  wire.runner.ensure();
  provideProof(wire, ledger.app, staged.unitText);
  const generation = generationOf(staged, await reserve(wire, ledger), now, broughtNow(wire.places, ledger.app, staged.pinned.directory));
  ledger.record(generation, staged.unitText, text, staged.pinned.kept);
  wire.units.writeGeneration(ledger.app, generation.number, staged.unitText);
  return { generation, maxSurge: config.reload['max-surge'], maxUnavailable: config.reload['max-unavailable'] };
}

/** What an `apply` has made, as it showed it. */
function takeGeneration(wire: Wire, ledger: Ledger, number: number): Made {
  const { generation, unitText } = runnable(wire, ledger, number);
  provideProof(wire, ledger.app, unitText);
  wire.units.writeGeneration(ledger.app, number, unitText);
  return { generation, maxSurge: generation.maxSurge ?? CAREFUL, maxUnavailable: generation.maxUnavailable ?? NONE };
}

/** A generation is never started a second time beside its own draining workers: a rollback is a copy with a new number. */
async function copyGeneration(wire: Wire, ledger: Ledger, number: number): Promise<Made> {
  const { generation: original, unitText } = runnable(wire, ledger, number);
  provideProof(wire, ledger.app, unitText);
  const generation = { ...original, number: await reserve(wire, ledger), createdAt: new Date().toISOString(), brought: broughtNow(wire.places, ledger.app, original.directory), copyOf: number };
  ledger.record(generation, unitText, ledger.ini(number), ledger.code(number));
  wire.units.writeGeneration(ledger.app, generation.number, unitText);
  // A rollback may be the answer to a faulty INI file: then it goes the careful way.
  const reload = readIni(wire.places, ledger.app).config?.reload;
  return { generation, maxSurge: reload?.['max-surge'] ?? CAREFUL, maxUnavailable: reload?.['max-unavailable'] ?? NONE };
}

const CAREFUL: Amount = { kind: 'count', value: 1 };
const NONE: Amount = { kind: 'count', value: 0 };

/** A generation as it was recorded. Throws UserError where it cannot run any more. */
function runnable(wire: Wire, ledger: Ledger, number: number): { readonly generation: Generation; readonly unitText: string } {
  const generation = ledger.generation(number);
  const unitText = ledger.unitText(number);
  if (generation === null || unitText === null) throw new UserError(`${ledger.app} has no generation ${number}`, `wsgictl status ${ledger.app}`);
  refuseIfGone(generation);
  const unsafe = unopenable(wire, ledger.app, generation);
  if (unsafe !== null) throw new UserError(`generation ${number} of ${ledger.app} cannot run any more: ${unsafe}`, 'choose another generation');
  return { generation, unitText };
}

/** Throws UserError if a release was cleaned away. */
export function refuseIfGone(generation: Generation): void {
  const gone = missing(generation.needs);
  if (gone.length === 0) return;
  throw new UserError(`generation ${generation.number} cannot run any more: ${gone.join(', ')} ${gone.length > 1 ? 'are' : 'is'} gone`, 'choose another generation');
}

/** The number of a generation to be made. */
export async function reserve(wire: Wire, ledger: Ledger): Promise<number> {
  const loaded = (await insist(() => wire.systemd.list([workersOf(ledger.app)]), PATIENCE)).map((unit) => parseWorker(unit.name)?.generation ?? 0);
  return ledger.reserve([...loaded, ...wire.units.generations(ledger.app)]);
}

/** What a worker asks for, it must find: a secret that was removed is another one from now on. */
export function provideProof(wire: Wire, app: string, unitText: string, isKnown = false): void {
  if (unitText.includes(`\nLoadCredential=${PROOF_CREDENTIAL}:`)) ensureProof(wire.places.state, app, isKnown);
}
