import { Command, CommanderError } from 'commander';
import { apply } from './cli/apply.js';
import { check } from './cli/check.js';
import { init } from './cli/init.js';
import { importFromApache, type ImportOptions } from './cli/import.js';
import { showJournal } from './cli/journal.js';
import { forgetLeft, leaveApp, returnApp } from './cli/leave.js';
import { packagedAppsChanged } from './cli/packaged.js';
import { printProxy } from './cli/proxy.js';
import { removeApp, stopApp } from './cli/remove.js';
import { renderUnits } from './cli/render.js';
import { complain, complainLines, sayLines } from './cli/report.js';
import { answerRequest } from './cli/request.js';
import { inTurn, reloadApps, restartApps, rollbackApp, startApps } from './cli/roll-commands.js';
import { mayListen } from './cli/socket-move.js';
import { status } from './cli/status.js';
import { runRoll } from './cli/unit-roll.js';
import { touched } from './cli/touch.js';
import { appStopped, drainAll, verdict } from './cli/unit-stop.js';
import { Wire, type GlobalOptions } from './cli/wire.js';
import { ConfigError, EXIT, fileTrouble, UserError } from './errors.js';
import { BusLost, Refused } from './systemd/port.js';

declare const WSGICTL_VERSION: string;

const program = new Command('wsgictl')
  .description('Run Python WSGI apps under systemd, with reloads that lose nothing.')
  .version(typeof WSGICTL_VERSION === 'string' ? WSGICTL_VERSION : 'development')
  .option('--user', 'work on your own systemd user manager')
  .option('--root <dir>', 'work on the files of another root, without its systemd')
  .showHelpAfterError('(wsgictl --help tells more)')
  .configureOutput({ writeOut: (text) => sayLines(text.trimEnd()), writeErr: (text) => complainLines(text.trimEnd()) })
  .exitOverride();

/** Runs a command's body with the real things, and makes what it returns the exit code. */
function run(body: (wire: Wire) => number | Promise<number>): Promise<void> {
  const wire = new Wire(program.opts<GlobalOptions>());
  return Promise.resolve(body(wire)).then(
    (code) => {
      wire.close();
      process.exitCode = code;
    },
    (error: unknown) => {
      wire.close();
      throw error;
    },
  );
}

program.command('check').argument('[app...]', 'names of apps, or paths of INI files; all apps without')
  .description('say all that is wrong with the configuration; change nothing')
  .action((apps: string[]) => run((wire) => check(wire, apps)));

program.command('render').argument('[app...]', 'names of apps, or paths of INI files; all apps without')
  .option('-o, --output <dir>', 'write files instead of printing')
  .description('show the units that an app gets; needs no systemd')
  .action((apps: string[], options: { output?: string }) => run((wire) => renderUnits(wire, apps, options.output ?? null)));

program.command('apply').argument('[app...]', 'names of apps; all without')
  .option('--dry-run', 'show the plan only', false)
  .option('--no-wait', 'return when the new generation serves, while the old one still drains')
  .description('make the apps what their INI files say; says what it will do, and does only that')
  .action((apps: string[], options: { dryRun: boolean; wait: boolean }) => run((wire) => apply(wire, apps, options)));

program.command('reload').argument('<app...>').option('--no-wait', 'return when the new generation serves')
  .description('roll to a new generation, whether anything changed or not')
  .action((apps: string[], options: { wait: boolean }) => run((wire) => reloadApps(wire, apps, !options.wait)));

program.command('rollback').argument('<app>').argument('[generation]', 'the one before by default')
  .option('--no-wait', 'return when the new generation serves')
  .description('roll to a generation that served before')
  .action((app: string, generation: string | undefined, options: { wait: boolean }) =>
    run((wire) => rollbackApp(wire, app, generation, !options.wait)));

program.command('start').argument('<app...>').description('start apps; returns when they serve')
  .action((apps: string[]) => run((wire) => startApps(wire, apps)));

program.command('stop').argument('<app...>').description('drain and stop apps; returns when no worker is left')
  .action((apps: string[]) => run((wire) => inTurn(apps, async (app) => {
    await stopApp(wire, app);
    if (!wire.asksRoot) forgetLeft(wire, app);
    return EXIT.done;
  })));

program.command('restart').argument('<app...>').description('stop and start apps while clients wait; a reload is better')
  .action((apps: string[]) => run((wire) => restartApps(wire, apps)));

program.command('status').argument('[app...]').option('--json', 'for programs', false)
  .description('show what serves; exit code 1 if somebody is needed')
  .action((apps: string[], options: { json: boolean }) => run((wire) => status(wire, apps, options)));

program.command('logs').argument('<app>').option('-f, --follow', 'go on as lines come', false)
  .option('-n, --lines <number>', 'how many lines to begin with', '50')
  .description("show the journal of an app, its rolls and its workers")
  .action((app: string, options: { follow: boolean; lines: string }) =>
    run((wire) => {
      wire.assertApp(app);
      return showJournal(app, { ...options, user: wire.places.mode === 'user' });
    }));

program.command('remove').argument('<app>').description('drain an app and remove it, with its INI file')
  .action((app: string) => run((wire) => removeApp(wire, app, { keepIni: false })));

program.command('proxy').argument('<proxy>', 'apache or nginx').argument('<apps...>', 'names of apps in one server, or paths of INI files')
  .description('show what Apache or nginx needs to pass requests on to apps')
  .action((proxy: string, apps: string[]) => run((wire) => printProxy(wire, proxy, apps)));

program.command('init').argument('[dir]', 'the folder of the project; this one without', '.')
  .option('--write [name]', 'write it as the INI file of that app; nothing is overwritten', false)
  .description("look at a project, without running it, and propose its INI file")
  .action((folder: string, options: { write: string | boolean }) => run((wire) => init(wire, folder, options.write)));

const many = (value: string, before: readonly string[]): readonly string[] => [...before, value];
program.command('import').description('make apps of what another server runs')
  .command('apache').argument('<file...>', 'configuration files of Apache, such as /etc/apache2/apache2.conf')
  .option('-D, --define <name[=value]>', 'as for apache2: a name for <IfDefine>, or a value for ${NAME}', many, [])
  .option('--module <name>', 'a module that is loaded; with a ! before it, one that is not', many, [])
  .option('-d, --server-root <dir>', 'what relative paths are relative to')
  .option('--apache-version <version>', 'for <IfVersion>', '2.4.62')
  .option('--write', 'write the INI files where apps are; nothing is overwritten', false)
  .option('--out <dir>', 'write them, and the directives for Apache, into this folder')
  .description('make apps of what mod_wsgi runs, and the directives of Apache that replace its own; only shows it without --write and --out')
  .action((files: string[], options: ImportOptions) => run((wire) => importFromApache(wire, files, options)));

// What the units run. A person has no use for it.
const unit = program.command('unit', { hidden: true });
unit.command('start').argument('<app>').action((app: string) => run((wire) => runRoll(wire, app, 'start')));
unit.command('reload').argument('<app>').action((app: string) => run((wire) => runRoll(wire, app, 'reload')));
unit.command('stopped').argument('<app>').action((app: string) => run((wire) => appStopped(wire, app)));
unit.command('touched').argument('<app>').option('--again', 'the second look', false)
  .action((app: string, options: { again: boolean }) => run((wire) => touched(wire, app, options.again)));
unit.command('listen').argument('<app>').action((app: string) => run((wire) => mayListen(wire, app)));
unit.command('drain').action(() => run((wire) => drainAll(wire)));
unit.command('packaged').option('--gone', 'look only at apps whose file is gone', false)
  .action(({ gone }: { gone: boolean }) => run((wire) => packagedAppsChanged(wire, gone)));
unit.command('leave').argument('<app>').action((app: string) => run((wire) => leaveApp(wire, app)));
unit.command('return').argument('<app>').action((app: string) => run((wire) => returnApp(wire, app)));
unit.command('request').argument('<connection>').action((connection: string) => run((wire) => answerRequest(wire, connection)));
unit.command('verdict').action(() => run((wire) => verdict(wire)));

/** What went wrong, in words, and the exit code. */
function explain(thrown: unknown): number {
  const error = fileTrouble(thrown) ?? thrown;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof ConfigError) {
    complainLines(error.message);
    return error.exitCode;
  }
  if (error instanceof UserError) {
    complain(`wsgictl: ${error.message}`);
    if (error.hint !== undefined) complain(`    ${error.hint}`);
    return error.exitCode;
  }
  if (error instanceof Refused || error instanceof BusLost) {
    complain(`wsgictl: systemd says: ${error.message}`);
    return EXIT.cannot;
  }
  complainLines(`wsgictl: this is a bug, please report it:\n${(error as Error).stack ?? String(error)}`);
  return EXIT.cannot;
}

program.parseAsync().catch((error: unknown) => {
  process.exitCode = explain(error);
});

