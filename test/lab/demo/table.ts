// The end of the demo: a column for each app, a row for each thing that one wants to know.
import { seconds } from './progress.js';
import type { Record, Refusal, Rolled } from './record.js';

export function table(records: readonly Record[]): string[] {
  const rows = records.map(rowsOf);
  const labels = rows[0]?.map(([label]) => label) ?? [];
  const columns = [labels, ...rows.map((column) => column.map(([, cell]) => cell))];
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  const lines = labels.map((_, at) => columns.map((column, number) => (column[at] ?? '').padEnd(widths[number] ?? 0)).join('   ').trimEnd());
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)));
  return [rule, lines[0] ?? '', rule, ...lines.slice(1), rule];
}

type Row = readonly [label: string, cell: string];

function rowsOf({ site, rolls, broken, load }: Record): Row[] {
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
    ['    generation before -> after', `${before.generation} -> ${after.generation}`],
  ];
}

function brokenRows({ release, code, ms, reason, before, after, serving }: Refusal): Row[] {
  return [
    [`release ${release} (broken): outcome`, `exit code ${code} after ${seconds(ms)}`],
    ['    why', reason ?? 'not said'],
    ['    generation before -> after', `${before.generation} -> ${after.generation}`],
    ['    still serving', serving === null ? 'nothing' : `release ${serving}, ${after.ready} workers`],
  ];
}
