import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { follow, type Answer } from '../../../src/cli/follow.js';
import { Folder } from '../../../src/host/folder.js';
import { Ledger } from '../../../src/host/ledger.js';
import type { RollLog } from '../../../src/host/roll-log.js';
import { BusLost, type JobResult, type Systemd, type UnitState } from '../../../src/systemd/port.js';

const END = { kind: 'end', outcome: 'done', exit: 0, text: '' } as const;

interface Story {
  /** How each job ends, in the order in which they were asked for. */
  readonly jobs: readonly (() => Promise<JobResult>)[];
  /** What rolls do when a job is asked for; `request`: its number. */
  readonly rolls: (begin: (...requests: number[]) => RollLog, request: number) => void;
  readonly joins?: boolean;
  /** The unit's job, when it is looked at. */
  readonly later?: string | null;
}

/** Follows what happens in a real ledger; systemd is told what to say. */
async function tale({ jobs, rolls, joins = false, later = null }: Story): Promise<{ readonly answer: Answer; readonly asked: number; readonly shown: string }> {
  const state = mkdtempSync(join(tmpdir(), 'wsgictl-follow-'));
  try {
    const ledger = new Ledger(new Folder(state), 'shop');
    let asked = 0;
    const begin = (...requests: number[]): RollLog => {
      const log = ledger.beginRoll(Date.now);
      log.write({ kind: 'begin', wish: { kind: 'new' }, requests, from: null, pid: 1 });
      return log;
    };
    if (joins) rolls(begin, 0);
    const systemd = {
      jobResult: (path: string) => jobs[Number(path) - 1]?.(),
      unit: () => Promise.resolve({ job: later } as UnitState),
    } as unknown as Systemd;
    const shown: string[] = [];
    const answer = await follow({
      ledger, systemd, unit: 'x', joins, untilCommit: false, show: ({ kind }) => shown.push(kind),
      ask: async () => {
        asked += 1;
        if (!joins) rolls(begin, asked);
        return { job: String(asked), request: joins ? null : asked };
      },
    });
    return { answer, asked, shown: shown.join(' ') };
  } finally {
    rmSync(state, { recursive: true });
  }
}

const ends = (result: JobResult) => (): Promise<JobResult> => Promise.resolve(result);
const later = (ms: number, act: () => void): void => void setTimeout(act, ms);

test('the roll that names the request is followed, not one that began after it', async () => {
  const { answer, shown } = await tale({
    jobs: [() => new Promise((resolve) => later(300, () => resolve('done')))],
    rolls: (begin, request) => {
      begin(77).write({ kind: 'end', outcome: 'failed', exit: 1, text: 'of somebody else' });
      const log = begin(77, request);
      later(200, () => log.write(END));
    },
  });
  assert.deepEqual([answer.kind, shown], ['ended', 'begin end']);
  assert.equal(answer.kind === 'ended' && answer.end.exit, 0);
});

test('a request that no roll has taken is made again, and is never done', async () => {
  const { answer, asked } = await tale({ jobs: Array.from({ length: 9 }, () => ends('done')), rolls: (begin) => void begin(77).write(END) });
  assert.deepEqual([answer, asked], [{ kind: 'no-roll', result: 'done' }, 5]);
  const second = await tale({ jobs: [ends('done'), ends('done')], rolls: (begin, request) => void begin(request === 2 ? request : 77).write(END) });
  assert.deepEqual([second.answer.kind, second.asked], ['ended', 2]);
});

test('a job that a stop cancelled is not asked for again', async () => {
  const { answer, asked } = await tale({ jobs: [ends('canceled')], rolls: () => {} });
  assert.deepEqual([answer, asked], [{ kind: 'no-roll', result: 'canceled' }, 1]);
});

test('a lost connection to systemd is no end of a roll', async () => {
  let attempts = 0;
  const { answer } = await tale({
    jobs: [async () => {
      attempts += 1;
      if (attempts < 3) throw new BusLost('systemd closed the connection');
      return 'unknown';
    }],
    rolls: (begin, request) => {
      const log = begin(request);
      later(1500, () => log.write(END));
    },
    later: '2',
  });
  assert.deepEqual([answer.kind, attempts], ['ended', 3]);
});

test('a roll without an end, of a unit without a job, was cut off', async () => {
  assert.equal((await tale({ jobs: [ends('failed')], rolls: (begin, request) => void begin(request) })).answer.kind, 'cut-off');
});

test('one that is joined is followed, whoever asked for it', async () => {
  const { answer, asked } = await tale({ jobs: [ends('done')], joins: true, rolls: (begin) => void begin(77).write(END) });
  assert.deepEqual([answer.kind, asked], ['ended', 1]);
});
