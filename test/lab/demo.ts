// `npm run demo`: two real apps on a throwaway systemd, clients that never stop asking, new releases meanwhile, and one
// that is broken. Exit code 0 only if no request failed and all went as promised.
import { makeVirtualenv, deploy, iniOf, SITES, type Site } from './demo/site.js';
import { heading, say } from './demo/progress.js';
import { breaches, reasonIn, type Refusal, type Rolled, type State, type Trial } from './demo/trial.js';
import { show, showJournal } from './demo/shown.js';
import { table } from './demo/table.js';
import { FAST_CLIENTS, Traffic } from './demo/traffic.js';
import { ensureRoot, Lab, RELEASES } from './lab.js';

const ALL = SITES.map(({ app }) => app).join(' and ');

async function prepare(lab: Lab): Promise<void> {
  heading(`${ALL}: a virtualenv, a first release and an INI file for each`);
  await Promise.all(SITES.map(async (site) => {
    await makeVirtualenv(lab, site);
    await deploy(lab, site, 1);
    await lab.write(`/etc/wsgictl/apps.d/${site.app}.ini`, iniOf(site), 0o644);
    say(`${site.app}: /srv/${site.app}/venv, /srv/${site.app}/current, /etc/wsgictl/apps.d/${site.app}.ini`);
  }));
  for (const line of iniOf(SITES[0] as Site).trimEnd().split('\n')) say(`    ${line}`);
  heading('wsgictl apply brings them up');
  const { code } = await show(lab, ['wsgictl', 'apply']);
  if (code !== 0) throw new Error(`the first wsgictl apply ended with exit code ${code}`);
}

async function stateOf(lab: Lab, { app }: Site): Promise<State> {
  // Its exit code is not 0 after a failed roll, as it should be.
  const { stdout, stderr } = await lab.run(['wsgictl', 'status', '--json', app]);
  try {
    const [state] = JSON.parse(stdout) as State[];
    if (state !== undefined) return state;
  } catch {
    // Said below.
  }
  throw new Error(`wsgictl status --json ${app} gave no status: ${stdout}${stderr}`);
}

/** A release of one app, and `wsgictl apply` of it. */
async function applied(lab: Lab, traffic: Traffic, site: Site, release: number, broken: boolean): Promise<Refusal> {
  const before = await stateOf(lab, site);
  await deploy(lab, site, release, { broken });
  const command = ['wsgictl', 'apply', site.app];
  const { code, ms, lines } = await show(lab, command);
  return { release, command: command.join(' '), code, ms, before, ...(await outcome(lab, traffic, site)), reason: reasonIn(lines) };
}

/** A release of all apps, and one reload of the target. */
async function reloaded(lab: Lab, traffic: Traffic, release: number): Promise<Map<Site, Rolled>> {
  const before = new Map<Site, State>();
  for (const site of SITES) {
    before.set(site, await stateOf(lab, site));
    await deploy(lab, site, release);
  }
  const command = ['systemctl', 'reload', 'wsgi-app.target'];
  const endJournal = showJournal(lab, SITES.map(({ app }) => `wsgi-app@${app}.service`));
  const { code, ms } = await show(lab, command).finally(endJournal);
  const rolled = new Map<Site, Rolled>();
  for (const site of SITES) {
    const was = before.get(site) as State;
    rolled.set(site, { release, command: command.join(' '), code, ms, before: was, ...(await outcome(lab, traffic, site)) });
  }
  return rolled;
}

async function outcome(lab: Lab, traffic: Traffic, site: Site): Promise<Pick<Rolled, 'after' | 'serving'>> {
  return { after: await stateOf(lab, site), serving: await traffic.serving(site) };
}

async function each<T>(action: (site: Site) => Promise<T>): Promise<Map<Site, T>> {
  const results = new Map<Site, T>();
  for (const site of SITES) results.set(site, await action(site));
  return results;
}

async function play(lab: Lab): Promise<Trial[]> {
  heading(`${FAST_CLIENTS} clients of each app ask without end, one more for pages that take 2 s`);
  const traffic = await Traffic.start(lab);
  try {
    heading('release 2 of each, app by app');
    const second = await each((site) => applied(lab, traffic, site, 2, false));
    heading('release 3 of each, both at once');
    const third = await reloaded(lab, traffic, 3);
    heading('release 4 of each is broken: it imports a module that is not there');
    const fourth = await each((site) => applied(lab, traffic, site, 4, true));
    heading('the clients stop when they have the replies they wait for');
    const reports = await traffic.stop();
    return SITES.map((site) => ({
      site,
      rolls: [second, third].map((roll) => roll.get(site) as Rolled),
      broken: fourth.get(site) as Refusal,
      load: reports.get(site) as Trial['load'],
    }));
  } finally {
    traffic.end();
  }
}

function judge(trials: readonly Trial[]): boolean {
  heading('what the clients saw');
  process.stdout.write(`\n${table(trials).join('\n')}\n\n`);
  const found = trials.flatMap(breaches);
  for (const line of found) process.stdout.write(`NOT AS PROMISED: ${line}\n`);
  const total = trials.reduce((sum, { load }) => sum + load.requests, 0);
  if (found.length === 0) process.stdout.write(`None of ${total} requests failed; the broken releases never answered one.\n`);
  return found.length === 0;
}

async function demo(): Promise<boolean> {
  const release = RELEASES[0] ?? 'bookworm';
  heading(`a throwaway ${release} with a systemd of its own`);
  await ensureRoot(release, say);
  const lab = await Lab.boot(release);
  let interrupted = false;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (interrupted) return;
    interrupted = true;
    void lab.stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  try {
    say((await lab.sh('. /etc/os-release; echo "$PRETTY_NAME, $(systemctl --version | head -n 1)"')).trim());
    await prepare(lab);
    return judge(await play(lab));
  } catch (error) {
    if (interrupted) return await new Promise(() => {}); // what fails now fails since the lab goes away
    throw error;
  } finally {
    if (!interrupted) await lab.stop();
  }
}

process.stdout.on('error', () => process.exit(1)); // nobody watches: the lab ends with this process
try {
  process.exitCode = (await demo()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`demo: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
