/** The sections in the order in which people read about them. */
export const SECTIONS = [
  { name: 'app', doc: 'What to run, as whom, and where.' },
  { name: 'workers', doc: 'How many processes, and when one of them is replaced.' },
  { name: 'socket', doc: 'Where the app listens. systemd holds the socket, the proxy connects to it.' },
  { name: 'reload', doc: 'How a new generation takes over from the old one.' },
  { name: 'health', doc: 'What a new worker must answer before it gets its first connection.' },
  { name: 'http', doc: 'How requests are read.' },
  { name: 'proxy', doc: 'What Apache or nginx passes on, for `wsgictl proxy` and for the workers, who take it from nobody else.' },
  { name: 'credentials', doc: "Secrets, one `NAME = path` a line: systemd reads the file as root, and only the app's account finds it, as `$CREDENTIALS_DIRECTORY/NAME`.", open: true },
  { name: 'environment', doc: "The app's environment, one `NAME = value` a line.", open: true },
  { name: 'environ', doc: 'Put into the WSGI environ of each request, one `NAME = value` a line, as SetEnv in Apache did for mod_wsgi.', open: true },
  { name: 'service', doc: "Directives of systemd's `[Service]` section, passed on to the workers' unit in systemd's own syntax (quotes, `%i`); one that can stand twice in a unit can here. Those that would break a promise of wsgictl are refused, each with what to do instead.", open: true },
] as const satisfies readonly { name: string; doc: string; open?: true }[];
