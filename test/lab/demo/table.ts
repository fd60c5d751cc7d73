// The end of the demo: a column for each app, a row for each thing that one wants to know.
import { seconds } from './progress.js';
import type { Refusal, Rolled, State, Trial } from './trial.js';

/** So that the table of two apps fits a terminal of 80 columns or little more. */
const CELL = 24;

export function table(trials: readonly Trial[]): string[] {
  const columns = trials.map(rowsOf);
  const labels = columns[0]?.map(([label]) => label) ?? [];
  const width = Math.max(...labels.map((label) => label.length));
  const rule = '-'.repeat(width + columns.length * (CELL + 3));
  const lines = labels.flatMap((label, at) => {
    const cells = columns.map((column) => wrap(column[at]?.[1] ?? ''));
    const height = Math.max(...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, line) =>
      [(line === 0 ? label : '').padEnd(width), ...cells.map((cell) => (cell[line] ?? '').padEnd(CELL))].join('   ').trimEnd());
  });
  return [rule, ...lines.slice(0, 1), rule, ...lines.slice(1), rule];
}

/** Words of a cell, as many a line as fit. */
function wrap(text: string): string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > CELL) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

type Row = readonly [label: string, cell: string];

function rowsOf({ site, rolls, broken, load }: Trial): Row[] {
  return [
    ['app', `${site.app} (${site.framework})`],
    ['requests', `${load.requests} in ${Math.round(load.seconds)} s`],
    ['failed requests', String(load.failed)],
    ['longest gap without a reply', `${load.longestGap} ms`],
    ...rolls.flatMap(rollRows),
    ...brokenRows(broken),
  ];
}

function rollRows({ release, ms, before, after }: Rolled): Row[] {
  return [
    [`release ${release}: time of the roll`, seconds(ms)],
    ['    generation', generations(before, after)],
  ];
}

function brokenRows({ release, code, ms, reason, before, after, serving }: Refusal): Row[] {
  return [
    [`release ${release} (broken): outcome`, `exit code ${code} after ${seconds(ms)}`],
    ['    why', reason ?? 'not said'],
    ['    generation', generations(before, after)],
    ['    still serving', serving === null ? 'nothing' : `release ${serving}, ${after.ready} workers`],
  ];
}

function generations(before: State, after: State): string {
  return before.generation === after.generation ? `${after.generation} stays` : `${before.generation} -> ${after.generation}`;
}
