import { BadValue } from './fault.js';

/** What says which request it is, or what a client sent: nothing that a proxy may say in its place. */
const TAKEN = /^(HTTP_.*|PROOF|CONTENT_(TYPE|LENGTH)|REQUEST_METHOD|SCRIPT_NAME|PATH_INFO|QUERY_STRING|RAW_URI|GATEWAY_INTERFACE|SERVER_(PROTOCOL|SOFTWARE))$/u;

/** Names of CGI variables with spaces or commas between them. */
export function readVariables(text: string): readonly string[] {
  const names = text.split(/[\s,]+/u).filter((name) => name !== '');
  for (const name of names) {
    if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/u.test(name)) throw new BadValue(`has ${JSON.stringify(name)}, which is no variable's name`, 'such as REMOTE_USER');
    if (TAKEN.test(name)) throw new BadValue(`may not hold ${name}`, 'it belongs to the request');
  }
  return [...new Set(names)];
}

/** The header in which a proxy tells a variable. Two names cannot share one, since names have no `-`. */
export function variableHeader(name: string): string {
  return `X-Wsgictl-${name.replaceAll('_', '-')}`;
}
