import { EventEmitter } from 'node:events';
import { DBusError, Message, MessageType, sessionBus, type MessageBus, Variant } from 'dbus-next';
import { BusLost, Refused } from './port.js';

export interface Address {
  /** A D-Bus address: `unix:path=…`. */
  readonly address: string;
  /** Whether a bus daemon is in between; else PID 1 itself is at the other end. */
  readonly daemon: boolean;
}

export interface Signal {
  readonly path: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

const SYSTEMD = 'org.freedesktop.systemd1';
const ERROR_PREFIX = /^org\.freedesktop\.(systemd1|DBus\.Error)\./;

/**
 * One connection to systemd, to be thrown away at the first doubt: every call has a deadline, since a connection whose
 * other end was replaced neither ends nor fails, and calls on it hang for ever.
 */
export class Bus {
  readonly #bus: MessageBus;
  readonly #daemon: boolean;
  readonly #lost: Promise<never>;
  #fail: (error: BusLost) => void = () => {};
  #closed = false;

  constructor({ address, daemon }: Address, onSignal: (signal: Signal) => void) {
    this.#daemon = daemon;
    this.#lost = new Promise((_, reject) => (this.#fail = reject));
    this.#lost.catch(() => {});
    this.#bus = sessionBus({ busAddress: address });
    // PID 1's own socket knows no Hello, which the library insists on: that error says nothing.
    const events: EventEmitter = this.#bus;
    events.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof DBusError) return;
      this.#lose(error.message, error.syscall !== 'connect');
    });
    // The library reports the end of a connection on its inner object only.
    const inner = (this.#bus as unknown as { _connection: EventEmitter })._connection;
    inner.on('end', () => this.#lose('systemd closed the connection'));
    events.on('message', (message: Message) => {
      if (message.type !== MessageType.SIGNAL) return;
      onSignal({ path: message.path, member: message.member, body: message.body });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws BusLost after `deadline` ms without an answer, or Refused. */
  async call(
    path: string,
    iface: string,
    member: string,
    signature = '',
    body: unknown[] = [],
    deadline = 25_000,
    destination = SYSTEMD,
  ): Promise<unknown[]> {
    if (this.#closed) throw new BusLost('the connection to systemd is closed');
    const message = new Message({
      path,
      interface: iface,
      member,
      ...(this.#daemon ? { destination } : {}),
      ...(signature === '' ? {} : { signature, body }),
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new BusLost(`systemd did not answer ${member} within ${deadline / 1000} s`));
        this.#lose('no answer');
      }, deadline);
    });
    try {
      const reply = await Promise.race([this.#bus.call(message), late, this.#lost]);
      return reply?.body ?? [];
    } catch (error) {
      if (error instanceof DBusError) throw new Refused(error.type.replace(ERROR_PREFIX, ''), error.text);
      if (error instanceof BusLost) throw error;
      this.#lose((error as Error).message);
      throw new BusLost((error as Error).message);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#lose('closed');
  }

  #lose(why: string, sent = true): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fail(new BusLost(sent ? `lost the connection to systemd: ${why}` : `cannot reach systemd: ${why}`, sent));
    try {
      this.#bus.disconnect();
    } catch {
      // It is gone already.
    }
  }
}

/** Takes the variants off a D-Bus dictionary of properties. */
export function plain(dictionary: unknown): Record<string, unknown> {
  const entries = Object.entries(dictionary as Record<string, Variant>);
  return Object.fromEntries(entries.map(([key, variant]) => [key, variant.value]));
}
