// Reads an HTTP/1 reply out of the bytes that came so far: no more than what the load generator needs.

export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** `undefined`: it is not complete. `ended`: no more bytes will come. */
export function readReply(bytes: Buffer, ended: boolean): Reply | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (!status) throw new Error(`not a reply: ${statusLine.slice(0, 60)}`);
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  }));
  const rest = bytes.subarray(headEnd + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? chunked(rest) : plain(rest, headers.get('content-length'), ended);
  return body && { status, headers, body };
}

/** Without a length the end of the connection is the end of the body. */
function plain(rest: Buffer, length: string | undefined, ended: boolean): Buffer | undefined {
  if (length === undefined) return ended ? rest : undefined;
  return rest.length >= Number(length) ? rest.subarray(0, Number(length)) : undefined;
}

function chunked(rest: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(rest.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error('a chunk without its size');
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(rest.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
