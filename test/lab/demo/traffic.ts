// The clients of both apps, from before the first roll until after the last.
import type { Lab } from '../lab.js';
import { startLoad, type Load, type LoadReport } from '../load.js';
import { say } from './progress.js';
import { SITES, socketOf, type Site } from './site.js';

export const FAST_CLIENTS = 4;
const HEARTBEAT_MS = 2000;

export class Traffic {
  private readonly timer: NodeJS.Timeout;

  private constructor(private readonly loads: ReadonlyMap<Site, Load>) {
    this.timer = setInterval(() => void this.tell().catch(() => {}), HEARTBEAT_MS);
  }

  /** Resolves when each app has answered. */
  static async start(lab: Lab): Promise<Traffic> {
    // Short pauses: this shows that nothing is lost, not how much a machine can bear.
    const options = { fast: FAST_CLIENTS, path: '/', pauseMs: 20, slow: [{ path: '/report', clients: 1 }] };
    const loads = new Map(SITES.map((site) => [site, startLoad(lab, { ...options, socket: socketOf(site) })]));
    await Promise.all([...loads.values()].map((load) => load.started()));
    return new Traffic(loads);
  }

  /** The release that answered last, or null if none did in the last second. */
  async serving(site: Site): Promise<string | null> {
    const { releases } = await this.load(site).report();
    const [latest] = [...releases].sort((a, b) => b.last - a.last);
    return latest !== undefined && Date.now() - latest.last < 1000 ? latest.name : null;
  }

  async stop(): Promise<ReadonlyMap<Site, LoadReport>> {
    this.end();
    return new Map(await Promise.all([...this.loads].map(async ([site, load]) => [site, await load.stop()] as const)));
  }

  /** No more lines; the clients end with the lab. */
  end(): void {
    clearInterval(this.timer);
  }

  private async tell(): Promise<void> {
    const parts = await Promise.all([...this.loads].map(async ([{ app }, load]) => {
      const { requests, failed } = await load.report();
      return `${app} ${requests} requests, ${failed} failed`;
    }));
    say(`load: ${parts.join('; ')}`);
  }

  private load(site: Site): Load {
    const load = this.loads.get(site);
    if (load === undefined) throw new Error(`no load on ${site.app}`);
    return load;
  }
}
