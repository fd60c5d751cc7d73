// What a load has seen so far.
import type { FailureKind } from './exchange.js';

export interface Failure {
  readonly kind: FailureKind;
  readonly detail: string;
  readonly path: string;
  /** Milliseconds since the epoch: when it was begun, and when it failed. */
  readonly began: number;
  readonly at: number;
}

/** One release (the replies' `X-Release`, or what `marker` finds) as the fast clients saw it. */
export interface ReleaseSeen {
  readonly name: string;
  readonly replies: number;
  /** Milliseconds since the epoch, of its first and its last reply. */
  readonly first: number;
  readonly last: number;
}

export interface LoadReport {
  /** All that had an end, good or bad; `slow` of them by the slow clients. */
  readonly requests: number;
  readonly slow: number;
  readonly failed: number;
  /** The first thousand of them. */
  readonly failures: readonly Failure[];
  /** The longest time without a reply to a fast request, in milliseconds, and when it began (since the epoch). */
  readonly longestGap: number;
  readonly longestGapAt: number;
  /** Of the fast requests, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** In the order of their first replies. */
  readonly releases: readonly ReleaseSeen[];
  /** Seconds from the first request to now. */
  readonly seconds: number;
  /** Milliseconds for which the load's own process was at most held up: no gap or latency is truer than that. */
  readonly stall: number;
}

const FAILURES_KEPT = 1000;
/** Latencies are counted in classes of 0.1 ms, the last one holding all above 60 s. */
const CLASS_MS = 0.1;
const CLASSES = 600_000;

export class Tally {
  private readonly began = Date.now();
  private requests = 0;
  private slow = 0;
  private failed = 0;
  private readonly failures: Failure[] = [];
  private lastReply = this.began;
  private longestGap = 0;
  private longestGapAt = this.began;
  private readonly latencies = new Uint32Array(CLASSES + 1);
  private fastReplies = 0;
  private max = 0;
  private readonly releases = new Map<string, { name: string; replies: number; first: number; last: number }>();

  fastReply(milliseconds: number, release: string, now = Date.now()): void {
    this.requests++;
    this.fastReplies++;
    this.noteGap(now);
    this.lastReply = now;
    this.latencies[Math.min(CLASSES, Math.floor(milliseconds / CLASS_MS))]!++;
    this.max = Math.max(this.max, milliseconds);
    const seen = this.releases.get(release);
    if (!seen) this.releases.set(release, { name: release, replies: 1, first: now, last: now });
    else {
      seen.replies++;
      seen.last = now;
    }
  }

  slowReply(): void {
    this.requests++;
    this.slow++;
  }

  failure(failure: Failure, slow: boolean): void {
    this.requests++;
    this.failed++;
    if (slow) this.slow++;
    if (this.failures.length < FAILURES_KEPT) this.failures.push(failure);
  }

  /** `now`: the gap may still be open. */
  report(now = Date.now()): Omit<LoadReport, 'stall'> {
    if (this.fastReplies > 0) this.noteGap(now);
    const { requests, slow, failed, failures, longestGap, longestGapAt, max } = this;
    const releases = [...this.releases.values()];
    const [p50, p99] = [this.percentile(0.5), this.percentile(0.99)];
    return { requests, slow, failed, failures, longestGap, longestGapAt, p50, p99, max, releases, seconds: (now - this.began) / 1000 };
  }

  private noteGap(now: number): void {
    if (now - this.lastReply <= this.longestGap) return;
    this.longestGap = now - this.lastReply;
    this.longestGapAt = this.lastReply;
  }

  private percentile(part: number): number {
    let left = Math.ceil(part * this.fastReplies);
    const index = this.latencies.findIndex((count) => (left -= count) <= 0);
    return Math.round(Math.max(0, index) * CLASS_MS * 10) / 10;
  }
}
