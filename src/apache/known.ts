/** Where a directive may stand: in the main server only, in any server, or in sections too. */
type Where = 'main' | 'server' | 'anywhere';

/** What becomes of a WSGI directive that is nobody's setting here: why, and what to do. */
export interface Fate {
  readonly reason: string;
  readonly advice?: string;
}

export interface Known {
  readonly name: string;
  readonly where: Where;
  /** On or Off. */
  readonly flag?: true;
  /** Of those that are not carried; the others are understood by a module of their own. */
  readonly fate?: Fate;
}

const left = (name: string, where: Where, reason: string, advice?: string): Known => ({ name, where, fate: { reason, ...(advice === undefined ? {} : { advice }) } });
const flag = (name: string, where: Where, reason: string, advice?: string): Known => ({ ...left(name, where, reason, advice), flag: true });
const own = (name: string, where: Where): Known => ({ name, where });

const NOTHING_EMBEDDED = 'nothing runs inside Apache any more';
const AUTH = 'it runs inside Apache, and goes on doing so';
const AUTH_ADVICE = 'keep mod_wsgi loaded for it: do not disable it';
const OWN_INTERPRETER = 'each worker is a Python process of its own';

/** Every directive of mod_wsgi 4.9.4, 5.0.2 and 6.0. */
export const KNOWN: readonly Known[] = [
  own('WSGIDaemonProcess', 'server'),
  own('WSGIScriptAlias', 'server'),
  own('WSGIScriptAliasMatch', 'server'),
  own('WSGIProcessGroup', 'anywhere'),
  own('WSGIApplicationGroup', 'anywhere'),
  own('WSGICallableObject', 'anywhere'),
  { name: 'WSGIPassAuthorization', where: 'anywhere', flag: true },
  own('WSGIImportScript', 'server'),
  own('WSGIPythonHome', 'main'),
  own('WSGIPythonPath', 'main'),
  own('WSGIPythonOptimize', 'main'),
  own('WSGIPythonWarnings', 'main'),
  own('WSGIPythonHashSeed', 'main'),
  { name: 'WSGIDontWriteBytecode', where: 'main', flag: true },
  { name: 'WSGIErrorOverride', where: 'anywhere', flag: true },

  left('WSGIPythonEggs', 'main', 'it counted for embedded apps only', 'set PYTHON_EGG_CACHE in [environment] where an app still needs it'),
  left('WSGISwitchInterval', 'main', 'there is no setting for it', "call sys.setswitchinterval() in the app's script"),
  left('WSGIPy3kWarningFlag', 'main', 'it meant something to Python 2 only'),
  flag('WSGILazyInitialization', 'main', OWN_INTERPRETER),
  flag('WSGIDestroyInterpreter', 'main', OWN_INTERPRETER),
  flag('WSGIPerInterpreterGIL', 'main', OWN_INTERPRETER),
  flag('WSGIFreeThreading', 'main', OWN_INTERPRETER, 'choose a free-threaded Python as [app] python'),
  left('WSGIInterpreterOptions', 'main', OWN_INTERPRETER),
  flag('WSGIRestrictEmbedded', 'main', NOTHING_EMBEDDED),
  flag('WSGIRestrictStdin', 'main', 'a worker has no standard input'),
  flag('WSGIRestrictStdout', 'main', 'standard output goes to the journal'),
  flag('WSGIRestrictSignal', 'main', 'SIGTERM and a few others are the worker\'s, who takes them back', 'look for "taken back" in wsgictl logs if the app sets handlers of its own'),
  flag('WSGICaseSensitivity', 'main', 'scripts are named in INI files'),
  flag('WSGIVerboseDebugging', 'main', 'it was for the debugging of mod_wsgi'),
  left('WSGIAcceptMutex', 'main', 'workers share one socket, without a mutex'),
  left('WSGISocketPrefix', 'main', 'systemd holds the sockets, in /run/wsgi'),
  flag('WSGISocketRotation', 'main', 'a socket stays where it is'),
  left('WSGIRestrictProcess', 'anywhere', 'a URL is given to one app, by name'),
  { name: 'WSGIScriptReloading', where: 'anywhere', flag: true },
  flag('WSGIChunkedRequest', 'anywhere', 'chunked requests always reach the app'),
  left('WSGIMapHEADToGET', 'anywhere', 'HEAD reaches the app as HEAD'),
  flag('WSGIIgnoreActivity', 'anywhere', 'an idle worker is not stopped'),
  flag('WSGIEnableSendfile', 'anywhere', 'wsgi.file_wrapper sends files by sendfile() where it can'),
  flag('WSGIPassApacheRequest', 'anywhere', 'a process outside of Apache has no request of it', 'an app that uses apache.request_rec must do without'),
  left('WSGITrustedProxies', 'anywhere', 'the app trusts Apache alone', 'let mod_remoteip find the client behind proxies: RemoteIPHeader, RemoteIPInternalProxy'),
  left('WSGITrustedProxyHeaders', 'anywhere', 'the app trusts Apache alone', 'let mod_remoteip find the client behind proxies: RemoteIPHeader, RemoteIPInternalProxy'),
  left('WSGIDispatchScript', 'anywhere', 'it chose the app for each request, by Python code inside Apache', 'give each app routes of its own'),
  left('WSGIHandlerScript', 'anywhere', 'a handler by name has no counterpart', 'make an app of the script, with callable = handle_request and a route'),
  left('WSGIAccessScript', 'anywhere', AUTH, AUTH_ADVICE),
  left('WSGIAuthUserScript', 'anywhere', AUTH, AUTH_ADVICE),
  left('WSGIAuthGroupScript', 'anywhere', AUTH, AUTH_ADVICE),
  flag('WSGIGroupAuthoritative', 'anywhere', AUTH),
  flag('WSGIUserAuthoritative', 'anywhere', AUTH),
  flag('WSGIServerMetrics', 'main', 'there are no metrics of mod_wsgi any more', 'wsgictl status, and systemctl show, tell of workers'),
  left('WSGITelemetryService', 'main', 'there are no metrics of mod_wsgi any more'),
  left('WSGITelemetryOptions', 'main', 'there are no metrics of mod_wsgi any more'),
  left('WSGISlowRequests', 'main', 'there are no metrics of mod_wsgi any more', '[workers] request-timeout tells where a slow request hangs'),
  left('WSGINewRelicConfigFile', 'main', 'mod_wsgi no longer starts the agent', 'set NEW_RELIC_CONFIG_FILE in [environment] and start the agent in the script'),
  left('WSGINewRelicEnvironment', 'main', 'mod_wsgi no longer starts the agent', 'set NEW_RELIC_ENVIRONMENT in [environment] and start the agent in the script'),
];

const BY_NAME = new Map(KNOWN.map((known) => [known.name.toLowerCase(), known]));

/** `name` in lower case. */
export function knownDirective(name: string): Known | undefined {
  return BY_NAME.get(name);
}
