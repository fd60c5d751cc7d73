import { readAccount } from './account.js';
import { BadValue } from './fault.js';
import { didYouMean } from './guess.js';
import { readListen } from './listen.js';
import { readAmount, readBoolean, readCount, readMode } from './number.js';
import { readEnvironmentFile, readHost, readPath, readPaths, readRequestPath, readUrlPath } from './path.js';
import { readFactory, readIdentifier, readModule } from './python.js';
import { readSpan } from './span.js';
import { readStatic } from './static.js';
import { readStatuses } from './status.js';
import { readVariables } from './variable.js';

/** What a row of the settings table says about its values, beside their kind. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
  readonly off?: true;
  readonly choices?: readonly string[];
}

/** A kind of value: its reader gets text without control characters and not empty, and throws BadValue. */
export const KINDS = {
  account: readAccount,
  amount: readAmount,
  boolean: readBoolean,
  choice: readChoice,
  count: readCount,
  'environment-file': readEnvironmentFile,
  factory: readFactory,
  host: readHost,
  identifier: readIdentifier,
  listen: readListen,
  mode: readMode,
  module: readModule,
  path: readPath,
  paths: readPaths,
  'request-path': readRequestPath,
  span: readSpan,
  static: readStatic,
  statuses: readStatuses,
  text: (text: string): string => text,
  'url-path': readUrlPath,
  variables: readVariables,
} as const satisfies Record<string, (text: string, limits: Limits) => unknown>;

export type Kind = keyof typeof KINDS;
export type ValueOf<K extends Kind> = ReturnType<(typeof KINDS)[K]>;

function readChoice(text: string, limits: Limits): string {
  const choices = limits.choices ?? [];
  if (choices.includes(text)) return text;
  const all = choices.length === 1 ? `must be ${choices[0]}` : `must be one of ${choices.join(', ')}`;
  throw new BadValue(all, didYouMean(text, choices));
}
