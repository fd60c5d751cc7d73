import { Refused, type Systemd } from '../systemd/port.js';

/** Thrown where the roll must end at once, without undoing anything. */
export class Stopped extends Error {}

/** What a roll has systemd do to workers, and what systemd makes of it. Throws Stopped during a shutdown, and BusLost. */
export class Jobs {
  /** The units that systemd does not stop, with its words. */
  readonly refused = new Map<string, string>();

  constructor(
    private readonly systemd: Pick<Systemd, 'start' | 'stop'>,
    /** Makes systemd look for new unit files again. */
    private readonly rescan: () => void,
    private readonly tell: (text: string) => void,
  ) {}

  /** Throws Refused. */
  async start(unit: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.systemd.start(unit);
        return;
      } catch (error) {
        refuseShutdown(error);
        if (!(error instanceof Refused && error.code === 'NoSuchUnit') || attempt > 1) throw error;
        // Where directory times are coarse, systemd may not have seen that there is a new file.
        this.rescan();
      }
    }
  }

  /** All at once; a unit that is not there any more is no error. Returns what systemd refused. */
  async stop(units: readonly string[]): Promise<readonly Refused[]> {
    const asked = await Promise.allSettled(units.map((unit) => this.systemd.stop(unit)));
    return asked.flatMap((outcome, at): Refused[] => {
      const error: unknown = outcome.status === 'fulfilled' ? null : outcome.reason;
      if (error === null || (error instanceof Refused && error.code === 'NoSuchUnit')) return [];
      refuseShutdown(error);
      if (!(error instanceof Refused)) throw error;
      const unit = units[at] as string;
      this.refused.set(unit, `${unit} cannot be stopped: systemd says: ${error.message}`);
      this.tell(this.refused.get(unit) as string);
      return [error];
    });
  }
}

/** During a shutdown systemd starts nothing any more: that is not the release's fault. */
function refuseShutdown(error: unknown): void {
  if (error instanceof Refused && error.code === 'TransactionIsDestructive') throw new Stopped();
}
