import { breaks, isList, type UnitKind } from '../config/drop-in.js';
import type { AppConfig } from '../config/settings.js';
import { oneLine } from '../config/visible.js';
import type { Diagnostic } from '../errors.js';
import { dropInsOf, unitFile, unitPath, type DropIn } from '../host/drop-ins.js';
import { staticUnits } from '../host/static-units.js';
import { appUnit, DRAIN, socketUnit, VERDICT, workerUnit } from '../plan/names.js';
import type { Staged } from '../plan/stage.js';
import { directivesOf, type Directive } from '../units/directives.js';
import { levelsOf } from '../units/levels.js';
import type { Wire } from './wire.js';

/** A unit of an app as wsgictl wants it. */
interface Unit {
  readonly name: string;
  readonly kind: UnitKind;
  readonly text: string;
  /** As people call it: `worker 1 of shop`. */
  readonly called: string;
}

/** Warnings of what systemd would really load for an app: lines of drop-ins, on whatever level, that take the place of ours. */
export function checkDropIns(wire: Wire, config: AppConfig, staged: Staged): Diagnostic[] {
  const { places } = wire;
  const path = unitPath(places, process.env);
  const found = new Map<string, { readonly file: string; readonly directive: Directive; readonly instead: string; readonly units: string[] }>();
  for (const unit of unitsOf(wire, config, staged)) {
    const dropIns = dropInsOf(levelsOf(unit.name), path, places.root).filter(({ file, text }) => !isOurs(wire, config.name, file, text));
    for (const { file, directive, instead } of breaking(unit, dropIns)) {
      const key = `${file}:${directive.line}`;
      const known = found.get(key) ?? { file, directive, instead, units: [] };
      known.units.push(unit.called);
      found.set(key, known);
    }
  }
  const lines = [...found.values()].map(({ file, directive, instead, units }): Diagnostic => ({
    file: `${places.root}${file}`, line: directive.line, severity: 'warning', hint: instead,
    message: `${shown(directive)} takes the place of what wsgictl sets for ${listed(units, config)}`,
  }));
  return [...lines, ...replaced(wire, config, path)];
}

function unitsOf(wire: Wire, config: AppConfig, staged: Staged): Unit[] {
  const { name, workers } = config;
  const shared = staticUnits(wire.places);
  const generation = wire.ledger(name).current() ?? 1;
  const indexes = Array.from({ length: workers.processes }, (_, at) => at + 1);
  const handle = (unit: string, template: string): Unit => ({ name: unit, kind: 'handle', text: shared.get(template) ?? '', called: unit });
  return [
    ...indexes.map((index): Unit => ({ name: workerUnit(name, generation, index), kind: 'worker', text: staged.unitText, called: `worker ${index} of ${name}` })),
    handle(appUnit(name), 'wsgi-app@.service'),
    { name: socketUnit(name), kind: 'socket', text: shared.get('wsgi-app@.socket') ?? '', called: socketUnit(name) },
    handle(DRAIN, DRAIN),
    handle(VERDICT, VERDICT),
  ];
}

/** The lines that are in force and break something. Of a directive of which the last one counts, only that. */
function breaking(unit: Unit, dropIns: readonly DropIn[]): { file: string; directive: Directive; instead: string }[] {
  const wanted = new Map(directivesOf(unit.text).map(({ section, name, value }) => [`${section}.${name}`, value]));
  const inForce = new Map<string, { file: string; directive: Directive }>();
  for (const { file, text } of dropIns) {
    for (const directive of directivesOf(text)) {
      const { section, name, line } = directive;
      inForce.set(`${section}.${name}${isList(name) ? `@${file}:${line}` : ''}`, { file, directive });
    }
  }
  return [...inForce.values()].flatMap((one) => {
    const { section, name, value } = one.directive;
    const instead = breaks(unit.kind, section, name);
    return instead === null || wanted.get(`${section}.${name}`) === value ? [] : [{ ...one, instead }];
  });
}

function isOurs(wire: Wire, app: string, file: string, text: string): boolean {
  return file === `${wire.places.units}/${socketUnit(app)}.d/10-wsgictl.conf` && text === wire.units.socketDropIn(app);
}

/** A unit file of an instance takes the place of the template; a link to /dev/null takes the unit away. */
function replaced(wire: Wire, config: AppConfig, path: readonly string[]): Diagnostic[] {
  return [appUnit(config.name), socketUnit(config.name)].flatMap((unit) => {
    const file = unitFile(unit, path, wire.places.root);
    if (file === null) return [];
    const message = `systemd reads this instead of what wsgictl brings for ${unit}`;
    return [{ file: `${wire.places.root}${file}`, line: 0, severity: 'warning' as const, message, hint: `if it is a mask: systemctl unmask ${unit}; else use drop-ins` }];
  });
}

/** A command line may hold a secret, and says nothing here. */
function shown({ name, value }: Directive): string {
  return name.startsWith('Exec') ? `${name}=` : oneLine(`${name}=${value}`);
}

function listed(units: readonly string[], { name, workers }: AppConfig): string {
  const some = units.filter((unit) => unit.startsWith('worker '));
  const others = units.filter((unit) => !unit.startsWith('worker '));
  return [...(some.length === workers.processes ? [`the workers of ${name}`] : some), ...others].join(', ');
}
