// What every end of a story must leave of an app: all of it, or nothing.
import assert from 'node:assert/strict';
import { RELEASES, type Lab, type Release } from '../lab/lab.js';

/** Whether the cases run as they are written: `npm run test:long`. */
export const LONG = Boolean(process.env['WSGICTL_LONG']);

/** For what hangs little on systemd's version: the short run takes one of them, the long run all. */
export const NEWEST = LONG ? RELEASES : RELEASES.slice(-1);
export const OLDEST = LONG ? RELEASES : RELEASES.slice(0, 1);

/** The short run deals cases out among the systems, so that each is seen on one of them; the long run takes all on each. */
export function dealt<T>(cases: readonly T[], release: Release): readonly T[] {
  return LONG ? cases : cases.filter((_, at) => RELEASES[at % RELEASES.length] === release);
}

/** The part of `wsgictl status --json` that the tests look at. */
export interface Status {
  readonly active: string;
  readonly socket: string;
  readonly healthy: boolean;
  readonly generation: number | null;
  readonly wanted: number;
  readonly workers: readonly { readonly unit: string; readonly generation: number; readonly phase: string; readonly pid: number }[];
  readonly failure: { readonly text: string; readonly reason: string | null; readonly place: string | null } | null;
  readonly notes: readonly string[];
}

export async function statusOf(lab: Lab, app = 'shop'): Promise<Status & { readonly code: number }> {
  const { code, stdout, stderr } = await lab.run(['wsgictl', 'status', '--json', app]);
  const [status] = JSON.parse(stdout || '[]') as Status[];
  assert.ok(status !== undefined, `no status: ${stderr}`);
  return { ...status, code };
}

interface Found {
  /** Names of worker units that systemd has loaded, with their states. */
  readonly units: readonly string[];
  /** Process ids in the app's slice. */
  readonly processes: readonly number[];
  /** Unit files of generations. */
  readonly files: readonly string[];
}

/** An app's name as the names of its workers and its slice have it, where a dash means hierarchy. */
const undashed = (app: string): string => app.replaceAll('-', ':');

/** What systemd, the kernel and the disk say is there of an app. */
async function found(lab: Lab, app: string): Promise<Found> {
  const text = await lab.sh(
    `systemctl list-units --all --plain --no-legend "wsgi-worker-$APP-*" | awk '{ print "unit", $1, $3 }'
    { find "/sys/fs/cgroup/wsgi.slice/wsgi-$APP.slice" -name cgroup.procs -exec cat {} + 2>/dev/null || true; } | sed 's/^/process /'
    find /etc/systemd/system -name "wsgi-worker-$APP-*" -printf 'file %f\\n'`,
    { env: { APP: undashed(app) } },
  );
  const lines = text.split('\n');
  const of = (kind: string): string[] => lines.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  return { units: of('unit').sort(), processes: of('process').map(Number).sort((a, b) => a - b), files: of('file') };
}

/** Exactly one generation, all its workers ready, and nothing of another: no unit, no process, no unit file. */
export async function whole(lab: Lab, processes: number, when: string, app = 'shop'): Promise<Status> {
  const status = await statusOf(lab, app);
  const { generation } = status;
  const prefix = `wsgi-worker-${undashed(app)}-${generation}`;
  const expected: Found = {
    units: Array.from({ length: processes }, (_, at) => `${prefix}@${at + 1}.service active`).sort(),
    processes: status.workers.map(({ pid }) => pid).sort((a, b) => a - b),
    files: [`${prefix}@.service`],
  };
  try {
    assert.deepEqual(await found(lab, app), expected);
    assert.deepEqual(status.workers.map(({ phase }) => phase), Array.from({ length: processes }, () => 'ready'));
    assert.deepEqual([status.code, status.healthy, status.wanted], [0, true, processes]);
  } catch (error) {
    (error as Error).message += `\n${when}: ${JSON.stringify(status)}\n${await lab.journal(['-u', `wsgi-app@${app}`, '-n', '30'])}`;
    throw error;
  }
  return status;
}

/** What is left of an app that was stopped: nothing should be. */
export async function remains(lab: Lab, app = 'shop'): Promise<string[]> {
  const { units, processes } = await found(lab, app);
  const states = await lab.sh('systemctl show -P ActiveState "wsgi-app@$APP.service" "wsgi-app@$APP.socket"', { env: { APP: app } });
  const [service, socket] = states.split('\n').filter(Boolean);
  return [
    ...units,
    ...processes.map((pid) => `process ${pid}`),
    ...(service === 'inactive' ? [] : [`service ${service}`]),
    ...(socket === 'inactive' ? [] : [`socket ${socket}`]),
  ];
}
