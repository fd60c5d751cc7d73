import { SECTIONS } from './sections.js';
import { SETTINGS, type Row } from './settings.js';

/** How the values of a kind are written. */
const WRITTEN: Readonly<Record<Row['kind'], string>> = {
  account: 'account',
  amount: 'number or percentage',
  boolean: '`yes`, `no`',
  choice: '',
  count: 'number',
  'environment-file': 'path',
  factory: 'Python call',
  host: 'host name',
  identifier: 'Python name',
  listen: 'address',
  mode: 'octal mode',
  module: 'Python module',
  path: 'path',
  paths: 'paths',
  'request-path': 'path of a request',
  span: 'time',
  static: 'path of URLs, and a directory',
  statuses: 'statuses',
  text: 'text',
  'url-path': 'path of URLs',
  variables: 'names',
};

const READING = `An app is one INI file, \`NAME.ini\`; NAME is the app's name: 1 to 64 of \`a-z\`, \`0-9\`, \`_\`, \`.\` and \`-\`.

- \`key = value\`, one a line. A value is taken as it stands, byte for byte, without the spaces around it: quotes,
  backslashes, \`%\`, \`$\`, \`#\` and \`;\` inside of it mean nothing. It cannot go on in the next line, nor hold control
  characters.
- A comment is a line that begins with \`#\` or \`;\`. Behind a value it would be a part of the value.
- A key that stands twice is a fault, unless it can be repeated; so is a section that stands twice.
- Times are written as in units: \`30s\`, \`500ms\`, \`1min 30s\`; a bare number is seconds.
- Paths are absolute, without \`..\`.
`;

/** The reference of all settings in Markdown, one table a section; README holds it word for word. */
export function settingsReference(): string {
  const sections = SECTIONS.map(({ name, doc }) => {
    const rows = (SETTINGS as readonly Row[]).filter((row) => row.section === name);
    const table = rows.length === 0 ? [] : ['| setting | value | default | |', '| --- | --- | --- | --- |', ...rows.map(tableRow), ''];
    return [`#### \`[${name}]\``, '', doc, '', ...table].join('\n');
  });
  return [READING, ...sections].join('\n');
}

function tableRow(row: Row): string {
  const cells = [`\`${row.key}\``, valueText(row), defaultText(row), row.doc];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function valueText(row: Row): string {
  const value = row.choices === undefined ? WRITTEN[row.kind] : row.choices.map((choice) => `\`${choice}\``).join(', ');
  return `${value}${row.off === true ? ', or `off`' : ''}${row.repeat === true ? '; can be repeated' : ''}`;
}

function defaultText(row: Row): string {
  return row.default === null ? (row.without ?? '') : `\`${row.default}\``;
}
