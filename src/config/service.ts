import { quoted } from './control.js';
import { BadValue, type Faults } from './fault.js';
import { opensOf } from './opened.js';
import type { Entry } from './scan.js';
import type { Assignment } from './settings.js';

type Rows = readonly (readonly [names: RegExp, instead: string])[];

/** Directives of how a worker starts, is told to stop and comes back, each with what to do instead. */
const LIFE: Rows = [
  [/^Exec(Start|StartPre|StartPost|Condition)$/, 'what is run is said by [app] module, script or factory'],
  [/^Exec(Reload|Stop|StopPost)$/, 'workers are stopped by [reload] graceful-timeout and interrupt-timeout'],
  [/^(Type|NotifyAccess|ExitType|PIDFile|GuessMainPID|RemainAfterExit|BusName)$/, 'a worker tells systemd itself when it is ready'],
  [/^(Restart|RestartSec|RestartSteps|RestartMaxDelaySec|RestartMode)$/, 'a worker that ends is always restarted, after one second'],
  [/^(RestartPreventExitStatus|RestartForceExitStatus|SuccessExitStatus)$/, 'a worker that ends is always restarted'],
  [/^StartLimit/, 'a start limit would close the socket of all workers: one that ends is always restarted'],
  [/^(RuntimeMaxSec|RuntimeRandomizedExtraSec)$/, 'use [workers] max-requests'],
  [/^(TimeoutSec|TimeoutStopSec)$/, 'use [reload] graceful-timeout'],
  [/^TimeoutAbortSec$/, 'use [reload] interrupt-timeout'],
  [/^TimeoutStartSec$/, 'use [reload] ready-timeout'],
  [/^WatchdogSec$/, 'use [workers] watchdog'],
  [
    /^(KillMode|KillSignal|RestartKillSignal|FinalKillSignal|WatchdogSignal|SendSIGKILL|SendSIGHUP|SurviveFinalKillSignal|Timeout(Start|Stop)FailureMode)$/,
    'how a worker ends is said by [reload] graceful-timeout and interrupt-timeout, and [workers] children',
  ],
  [/^(Sockets|NonBlocking|OpenFile|FileDescriptorStore(Max|Preserve)|USBFunction\w*)$/, 'a worker gets the sockets of [socket] listen and nothing else'],
  [/^(Standard(Input|InputText|InputData)|TTY\w+)$/, 'a worker has no input and no terminal'],
];

/** Directives that would break a promise of wsgictl. */
const REFUSED: Rows = [
  ...LIFE,
  [/^SetCredential$/, 'the unit can be read by every account: write the secret into a file and use [credentials]'],
  [/^Slice$/, "an app's workers have a slice of their own: set its limits by systemctl set-property"],
  [/^(User|DynamicUser|PAMName)$/, 'use [app] user'],
  [/^Group$/, 'use [app] group'],
  [/^UMask$/, 'use [app] umask'],
  [/^WorkingDirectory$/, 'use [app] directory'],
  [/^Environment$/, 'use [environment]'],
  [/^EnvironmentFile$/, 'use [app] environment-file'],
  [/^UnsetEnvironment$/, 'it could take away what a worker needs to talk to systemd'],
  [/^(RootDirectory|RootDirectoryStartOnly|RootImage\w*|RootHash\w*|RootVerity|RootMStack)$/, "another root does not hold the files of wsgictl: see [app] sandbox"],
  [/^PermissionsStartOnly$/, 'nothing of a worker runs with other permissions'],
  [/^PrivatePIDs$/, 'a worker that is process 1 does not get its signals'],
  [/^RemoveIPC$/, 'a worker that ends would remove what the others share'],
  [/^Description$/, 'use [app] description'],
  [/^(Listen\w+|Socket(Mode|User|Group)|Backlog|Accept)$/, 'use [socket]'],
  [
    /^(After|Before|Requires|Requisite|Wants|BindsTo|PartOf|Upholds|Conflicts|On(Failure|Success)\w*|Documentation|Condition\w+|Assert\w+|RequiresMountsFor|WantsMountsFor|JoinsNamespaceOf|CollectMode|DefaultDependencies|SourcePath|Job\w*Timeout\w*|FailureAction|SuccessAction|RebootArgument|(Stop|Reload)PropagatedFrom|Propagates\w+|RefuseManual\w+|StopWhenUnneeded|WantedBy|RequiredBy|Alias|Also)$/,
    'it is no directive of [Service]: write a drop-in',
  ],
];

/** What a directive that breaks the life of a worker is said by instead, or why it cannot be; null for any other. */
export function lifeOf(name: string): string | null {
  return LIFE.find(([names]) => names.test(name))?.[1] ?? null;
}

/** Lists for which empty means "none", and not "forget what stands above". */
const EMPTY_IS_NONE = new Set(['CapabilityBoundingSet', 'AmbientCapabilities']);

/**
 * `[service]`: passed on as it is, in systemd's own syntax, so `%i` and quotes mean there what they mean to systemd.
 * Values never appear in messages: they may be secrets (SetCredential=).
 */
export function readService(entries: readonly Entry[], faults: Faults): readonly Assignment[] {
  const passed: Assignment[] = [];
  for (const { key: name, value, line } of entries) {
    const fault = refusal(name, value);
    if (fault !== null) {
      faults.error(line, fault.message, fault.hint);
      continue;
    }
    passed.push({ name, value, line });
    if (name === 'LogNamespace') faults.warn(line, "LogNamespace leads the workers' messages to a journal of their own", `a failed reload then has no lines to show: journalctl --namespace=${/^[\w.-]+$/u.test(value) ? value : 'NAME'}`);
    if (/^(StandardOutput|StandardError)$/u.test(name) && !/^(journal|inherit)/u.test(value)) {
      faults.warn(line, `${name} leads the workers' messages past the journal`, 'a failed reload then has no lines to show');
    }
  }
  keepRuntimeDirectory(passed, faults);
  return passed;
}

function refusal(name: string, value: string): { message: string; hint?: string } | null {
  if (!/^[A-Za-z][A-Za-z0-9]*$/u.test(name)) return { message: `${quoted(name)} is not the name of a directive`, hint: 'such as MemoryMax' };
  // systemd passes over names in other letters, but whoever wrote one meant the directive.
  const known = REFUSED.find(([names]) => new RegExp(names, 'iu').test(name));
  if (known !== undefined) return { message: `[service] cannot set ${name}`, hint: known[1] };
  if (value === '' && !EMPTY_IS_NONE.has(name)) {
    return { message: `${name} has no value`, hint: 'an empty one would undo what wsgictl sets: see [app] sandbox' };
  }
  if (value.endsWith('\\')) {
    return { message: `${name}'s value ends in a backslash`, hint: 'systemd would take the next line for a part of it' };
  }
  if (/^Standard(Output|Error)$/u.test(name) && /^(socket|fd|tty)/u.test(value)) {
    return { message: `${name} may not lead to a socket or terminal`, hint: 'the sockets of a worker belong to its clients' };
  }
  try {
    opensOf(name, value, ['wsgi-worker-x-1@1.service']);
    return null;
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    return { message: `${name} ${error.message}`, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

/** One worker leaves while others serve: without this, its end would remove the directory of all. */
function keepRuntimeDirectory(passed: readonly Assignment[], faults: Faults): void {
  const directory = passed.find(({ name }) => name === 'RuntimeDirectory');
  const kept = passed.filter(({ name }) => name === 'RuntimeDirectoryPreserve').at(-1);
  if (directory !== undefined && !/^(yes|true|on|1|y|t)$/iu.test(kept?.value ?? '')) {
    faults.error(
      kept?.line ?? directory.line,
      'RuntimeDirectory would be removed by the first worker that ends',
      'add RuntimeDirectoryPreserve = yes',
    );
  }
}
