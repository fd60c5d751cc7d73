// Makes the manual pages of README's chapters, so that there is one text to keep true: node packaging/man.mjs FOLDER
// The Markdown is turned into man by lowdown(1).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SEE_ALSO = {
  'wsgictl.1': '**wsgictl.ini**(5), **wsgi-app**(7), **systemctl**(1), **journalctl**(1)',
  'wsgictl.ini.5': '**wsgictl**(1), **wsgi-app**(7), **systemd.exec**(5), **systemd.resource-control**(5)',
  'wsgictl-migration.7': '**wsgictl**(1), **wsgictl.ini**(5), **wsgi-app**(7)',
  'wsgi-app.7': '**wsgictl**(1), **wsgictl.ini**(5), **systemd.service**(5), **systemd.kill**(5), **gunicorn**(1)',
};

const PAGES = [
  {
    name: 'wsgictl', section: 1, what: 'run Python WSGI apps under systemd, with reloads that lose nothing',
    synopsis: '**wsgictl** [**\\-\\-user** | **\\-\\-root** *DIR*] *COMMAND* [*APP*…] [*OPTION*…]', chapter: 'Commands',
  },
  { name: 'wsgictl.ini', section: 5, what: 'the description of a WSGI app', synopsis: '/etc/wsgictl/apps.d/*NAME*.ini', chapter: 'Settings' },
  {
    name: 'wsgictl-migration', section: 7, what: 'from mod_wsgi, gunicorn under systemd or uWSGI to wsgictl',
    synopsis: '**wsgictl import apache** *FILE*…', chapter: 'Migration guide',
  },
  {
    name: 'wsgi-app', section: 7, what: 'units, signals and files of the WSGI apps that wsgictl runs',
    synopsis: 'wsgi-app.target, wsgi-app@*APP*.service, wsgi-app@*APP*.socket, wsgi-worker-*APP*-*GENERATION*@*WORKER*.service', chapter: 'How it works',
  },
];

const [folder] = process.argv.slice(2);
const readme = readFileSync('README.md', 'utf8');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
mkdirSync(folder, { recursive: true });

for (const { name, section, what, synopsis, chapter } of PAGES) {
  const file = `${name}.${section}`;
  const text = [
    '# NAME', `${name} - ${what}`, '# SYNOPSIS', synopsis, '# DESCRIPTION', manual(chapterOf(chapter)), '# SEE ALSO', SEE_ALSO[file],
  ].join('\n\n');
  const options = ['-s', '-Tman', '-m', `title: ${name}`, '-m', `section: ${section}`, '-m', `source: wsgictl ${version}`, '-m', 'date: '];
  // Typographic quotes and dashes would spoil what is to be typed.
  writeFileSync(join(folder, file), execFileSync('lowdown', [...options, '--parse-no-metadata', '--out-no-smarty'], { input: text }));
}

// This one has its text with it, as all of debhelper's programs.
execFileSync('pod2man', [
  '--section=1', '--center=wsgictl', `--release=${version}`, 'packaging/debhelper/dh_installwsgi', join(folder, 'dh_installwsgi.1'),
]);

/** The text below a heading of the second level, up to the next one. */
function chapterOf(title) {
  const found = readme.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`README.md has no chapter ${title}`);
  return found.slice(title.length + 1);
}

/** Tables are made lists of terms, a chapter's headings those of a page, and links their text. */
function manual(markdown) {
  return markdown
    .replace(/<!--.*?-->\n?/gs, '')
    .replace(/^####? (.*)$/gm, (_, title) => `# ${heading(title.replaceAll('`', ''))}`)
    .replace(/^\|.*\|\n\| ---.*\n((?:\|.*\n)+)/gm, (_, rows) => rows.trimEnd().split('\n').map(term).join('\n'))
    .replace(/\[([^\]]+)\]\((?:#|[\w.]+:)[^)]*\)/g, '$1');
}

/** Sections of an INI file are written as there, others as in any manual. */
function heading(title) {
  return title.startsWith('[') ? title : title.toUpperCase();
}

/** A row of a table: the first cell is the term, the last one says what it is, others stand between. */
function term(row) {
  const cells = row.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
  const [first, ...rest] = cells;
  const last = rest.pop();
  const between = rest.filter(Boolean);
  if (between.length > 0) return `${first} (${between[0]}${between[1] ? `; default: ${between[1]}` : ''})\n: ${last}\n`;
  return `${first}\n: ${last}\n`;
}
