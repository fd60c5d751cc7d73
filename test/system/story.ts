// The story of those who asked: two apps that mod_wsgi ran, each with a virtualenv of its own and lxml, behind Apache
// prefork with a login; logrotate reloads Apache again and again, and releases are deployed meanwhile.
import { setTimeout as wait } from 'node:timers/promises';
import { deploy, truncated } from '../lab/fixture.js';
import type { Lab } from '../lab/lab.js';
import { startLoad, type Load, type LoadReport } from '../lab/load.js';
import { installPackages } from '../lab/packages.js';
import { importSite, serve, withFronts } from './front.js';
import { statusOf } from './whole.js';

export const STORY_APPS = ['shop', 'blog'] as const;
type App = (typeof STORY_APPS)[number];

/** Clients that write files for so many seconds, of each app. */
const WORK = [1, 2, 3, 5, 8];
const LOGIN = { Authorization: `Basic ${Buffer.from('alice:secret').toString('base64')}` };

/** Each request has lxml do something, then does what the app of the cases does. */
const SCRIPT = `
import os
import sys
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from lxml import etree
from app import application as work

SUM = etree.XSLT(etree.XML('''<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><sum><xsl:value-of select="sum(//n)"/></sum></xsl:template></xsl:stylesheet>'''))

def application(environ, start_response):
    if environ['REQUEST_METHOD'] == 'POST':
        length = str(len(environ['wsgi.input'].read())).encode()
        start_response('200 OK', [('Content-Length', str(len(length)))])
        return [length]
    assert SUM(etree.fromstring('<all>' + '<n>1</n>' * 500 + '</all>')).getroot().text == '500'
    return work(environ, start_response)
`;

const daemon = (app: App): string =>
  `WSGIDaemonProcess ${app} user=deploy group=deploy processes=3 threads=3 home=/srv/${app}/current python-home=/srv/${app}/venv display-name=%{GROUP}`;
const alias = (app: App): string =>
  `    WSGIScriptAlias /${app} /srv/${app}/current/story.wsgi process-group=${app} application-group=%{GLOBAL}`;

const SITE = `
${STORY_APPS.map(daemon).join('\n')}
<VirtualHost *:80>
    ServerName lab.example
${STORY_APPS.map(alias).join('\n')}
    <Directory /srv>
        Require all granted
    </Directory>
    <Location />
        AuthType Basic
        AuthName story
        AuthUserFile /etc/apache2/users
        Require valid-user
    </Location>
</VirtualHost>
`;

/** Who runs the apps. */
export interface Keeper {
  readonly name: 'wsgictl' | 'mod_wsgi';
  /** What Apache is configured with. */
  readonly site: string;
  /** The app's processes. */
  readonly pids: (app: App) => Promise<readonly number[]>;
  /** Has a release that was put in its place serve. */
  readonly take: (app: App) => Promise<void>;
}

/** The apps, their virtualenvs, and who may log in. */
export async function prepareStory(lab: Lab, packages: readonly string[]): Promise<void> {
  await installPackages(lab, packages);
  await lab.sh('htpasswd -bc /etc/apache2/users alice secret 2>/dev/null');
  for (const app of STORY_APPS) {
    await lab.sh('python3 -m venv --system-site-packages --without-pip "/srv/$APP/venv"', { env: { APP: app } });
    await deployStory(lab, app, 1);
  }
}

/** Puts a release in its place. */
export async function deployStory(lab: Lab, app: App, number: string | number): Promise<void> {
  await lab.write(`/srv/${app}/releases/${number}/story.wsgi`, SCRIPT);
  await deploy(lab, number, { app });
}

/** Brings the apps up under wsgictl, as the importer takes them over. */
export async function keptByWsgictl(lab: Lab): Promise<Keeper> {
  const site = withFronts(SITE, await importSite(lab, SITE));
  await serve(lab, 'prefork', site);
  return {
    name: 'wsgictl',
    pids: async (app) => (await statusOf(lab, app)).workers.map(({ pid }) => pid).sort((a, b) => a - b),
    site,
    take: async (app) => void (await lab.sh(`wsgictl apply ${app}`, { timeout: 120_000 })),
  };
}

/** The same site as it was. A script with another time is taken by mod_wsgi itself, at the next request. */
export async function keptByModWsgi(lab: Lab): Promise<Keeper> {
  await serve(lab, 'prefork', SITE);
  return {
    name: 'mod_wsgi',
    site: SITE,
    pids: async (app) => (await lab.run(['pgrep', '--full', `^.wsgi:${app}.`])).stdout.split('\n').filter(Boolean).map(Number),
    take: async () => {},
  };
}

export interface Told {
  readonly reports: Readonly<Record<App, LoadReport>>;
  /** The last release of each app. */
  readonly last: Readonly<Record<App, number>>;
  readonly rotations: number;
  readonly deployments: number;
  /** Processes of apps that went while nothing but logrotate ran. */
  readonly replaced: number;
  /** Files of requests that were cut off. */
  readonly truncated: readonly string[];
}

/**
 * Load for so many seconds, in turns of logrotate alone and of a deployment with logrotate; `pauseMs` after each logrotate.
 */
export async function tellStory(lab: Lab, keeper: Keeper, seconds: number, pauseMs = 1500): Promise<Told> {
  const loads: Record<App, Load> = { shop: storyLoad(lab, 'shop'), blog: storyLoad(lab, 'blog') };
  for (const app of STORY_APPS) await loads[app].started();
  const last = { shop: 1, blog: 1 };
  let [rotations, deployments, replaced] = [0, 0, 0];
  const rotate = async (): Promise<void> => {
    await lab.sh('logrotate -f /etc/logrotate.d/apache2');
    rotations++;
    await wait(pauseMs);
  };
  const pids = async (): Promise<readonly number[]> => (await Promise.all(STORY_APPS.map(keeper.pids))).flat();
  for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
    const before = await pids();
    for (let time = 0; time < 3; time++) await rotate();
    const after = await pids();
    replaced += before.filter((pid) => !after.includes(pid)).length;
    const app = STORY_APPS[deployments++ % STORY_APPS.length] ?? 'shop';
    await deployStory(lab, app, ++last[app]);
    let taken = false;
    await Promise.all([
      keeper.take(app).finally(() => (taken = true)),
      (async () => {
        do await rotate(); while (!taken);
      })(),
    ]);
  }
  const reports = { shop: await loads.shop.stop(), blog: await loads.blog.stop() };
  const cut = await Promise.all(STORY_APPS.map(async (app) => (await truncated(lab, app)).map((name) => `${app}/${name}`)));
  return { reports, last, rotations, deployments, replaced, truncated: cut.flat() };
}

/** The clients of an app. */
export function storyLoad(lab: Lab, app: App): Load {
  const slow = WORK.map((time) => ({ path: `/${app}/file?${time}`, clients: 1 }));
  return startLoad(lab, { port: 80, headers: LOGIN, path: `/${app}/fast`, fast: 2, pauseMs: 50, slow });
}
