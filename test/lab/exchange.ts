// One request and its reply over a raw connection: every way in which it can fail has a name.
import { connect, type Socket } from 'node:net';
import { readReply, type Reply } from './reply.js';

/**
 * `refused`: no connection (nobody listens, or the backlog is full). `reset`: ended by the other side's RST or a broken
 * pipe. `empty`: closed before a byte of a reply; `short`: closed within it. `5xx` and `status`: another status than
 * 2xx or 3xx. `timeout`: no whole reply in time. `garbage`: no HTTP.
 */
export type FailureKind = 'refused' | 'reset' | 'empty' | 'short' | '5xx' | 'status' | 'timeout' | 'garbage';

export class ExchangeError extends Error {
  constructor(readonly kind: FailureKind, detail: string) {
    super(detail);
  }
}

/** A path of a unix socket, or a port of 127.0.0.1: the load never leaves this machine. */
export type Address = { readonly path: string } | { readonly port: number };

export interface Request {
  readonly path: string;
  readonly keepAlive: boolean;
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client's connection: made when it is first needed, kept as long as both sides agree. */
export class Connection {
  private socket: Socket | undefined;
  private idleSince = 0;

  constructor(private readonly address: Address) {}

  async exchange(request: Request): Promise<Reply> {
    const kept = this.socket;
    const idle = kept ? ` on a connection kept for ${Date.now() - this.idleSince} ms` : '';
    const socket = kept ?? connect({ ...this.address, host: '127.0.0.1' });
    this.socket = undefined;
    try {
      const reply = await converse(socket, request);
      const keep = request.keepAlive && !/close/i.test(reply.headers.get('connection') ?? '');
      if (keep) this.keep(socket);
      else socket.destroy();
      return reply;
    } catch (error) {
      socket.destroy();
      if (error instanceof ExchangeError) throw new ExchangeError(error.kind, error.message + idle);
      throw error;
    }
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private keep(socket: Socket): void {
    this.socket = socket;
    this.idleSince = Date.now();
    // A server may close what is idle; a real client then takes a new connection for its next request.
    const drop = (): void => {
      socket.destroy();
      if (this.socket === socket) this.socket = undefined;
    };
    socket.once('end', drop).once('error', drop);
  }
}

function converse(socket: Socket, { path, keepAlive, timeoutMs, headers = {} }: Request): Promise<Reply> {
  return new Promise<Reply>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const fail = (kind: FailureKind, detail: string): void => settle(() => reject(new ExchangeError(kind, detail)));
    const timer = setTimeout(() => fail('timeout', `no whole reply in ${timeoutMs} ms`), timeoutMs);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      socket.removeListener('data', onData).removeListener('end', onEnd).removeListener('error', onError);
      socket.on('error', () => {}); // what comes after the reply is nobody's loss
      then();
    };
    const look = (ended: boolean): void => {
      const bytes = Buffer.concat(chunks);
      try {
        const reply = readReply(bytes, ended);
        if (reply) settle(() => resolve(reply));
        else if (ended) fail(bytes.length > 0 ? 'short' : 'empty', `closed after ${bytes.length} bytes of the reply`);
      } catch (error) {
        fail('garbage', (error as Error).message);
      }
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      look(false);
    };
    const onEnd = (): void => look(true);
    const onError = (error: NodeJS.ErrnoException & { syscall?: string }): void => {
      const received = chunks.length > 0 ? ' within the reply' : '';
      fail(error.syscall === 'connect' ? 'refused' : 'reset', `${error.code ?? error.message}${received}`);
    };
    socket.on('data', onData).on('end', onEnd).on('error', onError);
    const said = Object.entries({ Host: 'lab', Connection: keepAlive ? 'keep-alive' : 'close', ...headers });
    socket.write(`GET ${path} HTTP/1.1\r\n${said.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  });
}
