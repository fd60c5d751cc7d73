import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { detect, type Project } from '../../../src/project/detect.js';
import { appName, proposal } from '../../../src/project/proposal.js';
import type { Tree } from '../../../src/project/tree.js';
import { machine } from '../apache/machine.js';

const DJANGO = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nfrom django.core.management import execute_from_command_line\n";
const WSGI = 'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n';
const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';
const ENV = 'home = /usr/bin\n';

function tree(files: Readonly<Record<string, string>>, links: readonly string[] = []): Tree {
  return { ...machine(files), isLink: (path) => links.includes(path) };
}

function found(files: Readonly<Record<string, string>>, links: readonly string[] = []): Project {
  const all = Object.fromEntries(Object.entries(files).map(([path, text]) => [`/srv/shop/${path}`, text]));
  return detect('/srv/shop', tree(all, links));
}

interface Case {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly links?: readonly string[];
  /** `module = shop.wsgi`, the best first. */
  readonly candidates: readonly string[];
  readonly directory?: string;
  readonly virtualenv?: string;
}

const CASES: readonly Case[] = [
  {
    what: 'Django, its own wsgi.py before that of another package', candidates: ['module = shop.wsgi', 'module = blog.wsgi'],
    files: { 'manage.py': DJANGO, 'shop/wsgi.py': WSGI, 'shop/__init__.py': '', 'blog/wsgi.py': WSGI },
  },
  {
    what: 'Django below the folder, with a virtualenv in it', candidates: ['module = shop.wsgi'], directory: '/srv/shop/site', virtualenv: '/srv/shop/.venv',
    files: { 'site/manage.py': DJANGO, 'site/shop/wsgi.py': WSGI, '.venv/pyvenv.cfg': ENV, '.venv/lib/thing.py': FLASK },
  },
  { what: 'Flask', candidates: ['module = hello:app'], files: { 'hello.py': FLASK } },
  { what: 'Flask by another name, in a package', candidates: ['module = hello:site'], files: { 'hello/__init__.py': 'import flask\nsite = flask.Flask(__name__)\n' } },
  {
    what: 'an application factory, and nothing that needs arguments', candidates: ['factory = hello:create_app()'],
    files: { 'hello/__init__.py': 'def create_app(config=None, *more):\n    app = Flask(__name__)\n', 'other.py': 'def create_app(config):\n    pass\n' },
  },
  {
    what: 'a wsgi.py that calls the factory comes first', candidates: ['module = wsgi:app', 'factory = hello:create_app()'],
    files: { 'hello/__init__.py': 'def create_app():\n    pass\n', 'wsgi.py': 'from hello import create_app\napp = create_app()\n' },
  },
  {
    what: 'a .wsgi file', candidates: ['script = /srv/shop/shop.wsgi', 'module = hello:app'],
    files: { 'shop.wsgi': 'from hello import app as application\n', 'hello.py': FLASK, 'empty.wsgi': '# application = 1\n' },
  },
  { what: 'a module', candidates: ['module = hello'], files: { 'hello.py': 'def application(environ, start_response):\n    pass\n' } },
  { what: 'a module below src', candidates: ['module = hello.web'], directory: '/srv/shop/src', files: { 'src/hello/__init__.py': '', 'src/hello/web.py': 'application = object()\n' } },
  {
    what: 'releases behind a link, the virtualenv beside them', candidates: ['module = hello:app'], links: ['/srv/shop/current'],
    directory: '/srv/shop/current', virtualenv: '/srv/shop/venv', files: { 'current/hello.py': FLASK, 'releases/1/hello.py': FLASK, 'venv/pyvenv.cfg': ENV },
  },
  {
    what: 'a monorepo: its virtualenv is beside manage.py', candidates: ['module = shop.wsgi'], directory: '/srv/shop/backend', virtualenv: '/srv/shop/backend/.venv',
    files: { 'backend/manage.py': DJANGO, 'backend/shop/wsgi.py': WSGI, 'backend/.venv/pyvenv.cfg': ENV, 'frontend/package.json': '{}' },
  },
  { what: 'a virtualenv of any name', candidates: ['module = hello:app'], virtualenv: '/srv/shop/shopenv', files: { 'hello.py': FLASK, 'shopenv/pyvenv.cfg': ENV, 'shopenv/x.py': FLASK } },
  {
    what: 'of two virtualenvs the one beside what runs', candidates: ['module = app:app'], directory: '/srv/shop/backend', virtualenv: '/srv/shop/backend/venv',
    files: { 'backend/app.py': FLASK, 'backend/venv/pyvenv.cfg': ENV, 'tools/venv/pyvenv.cfg': ENV, 'aenv/pyvenv.cfg': ENV },
  },
  {
    what: 'a folder without __init__.py is where its modules are imported from', candidates: ['module = app:app'], directory: '/srv/shop/backend',
    files: { 'backend/app.py': `from models import db\n${FLASK}`, 'backend/models.py': 'db = 1\n' },
  },
  { what: 'a name of two lines is none', candidates: [], files: { 'x.wsgi\nuser = root\ny.wsgi': 'application = 1\n', 'a\nb/c.wsgi': 'application = 1\n' } },
  { what: 'ASGI is none', candidates: [], files: { 'main.py': 'from fastapi import FastAPI\napp = FastAPI()\n' } },
  { what: 'tests, comments and what stands in functions are none', candidates: [], files: { 'test_app.py': FLASK, 'a.py': '# app = Flask(x)\ndef f():\n    app = Flask(x)\n', 'tests/b.py': FLASK } },
];

for (const { what, files, links, candidates, directory = '/srv/shop', virtualenv = null } of CASES) {
  test(what, () => {
    const project = found(files, links);
    assert.deepEqual(project.candidates.map(({ setting, value }) => `${setting} = ${value}`), candidates);
    assert.equal(project.virtualenv, virtualenv);
    const [best] = project.candidates;
    if (best === undefined) return;
    assert.equal(best.directory, directory);
    const text = proposal(project, 'shop', { name: 'shop', why: 'it owns it' });
    const { config, diagnostics } = readApp('shop.ini', 'shop', text, 'system');
    assert.deepEqual(diagnostics, []);
    assert.equal(config?.app.directory, directory);
    for (const other of candidates.slice(1)) assert.ok(text.includes(`# Also found: ${other} (`), text);
  });
}

test('each comment that is a setting can be taken in', () => {
  const project = found({ 'manage.py': DJANGO, 'shop/wsgi.py': WSGI, '.env': 'A=1\n' });
  const text = proposal(project, 'shop', { name: 'shop', why: 'it owns it' }).replace(/^# (?=\[|[a-z-]+ = )/gmu, '');
  const { config, diagnostics } = readApp('shop.ini', 'shop', text, 'system');
  assert.deepEqual(diagnostics, []);
  assert.deepEqual([config?.health['warm-up'], config?.health.host, config?.app['environment-file'][0]?.path], [['/'], 'www.example.org', '/etc/wsgictl/secrets/shop.env']);
});

for (const [directory, name] of [['/srv/shop', 'shop'], ['/srv/shop/current', 'shop'], ['/srv/My Shop/src', 'my-shop'], ['/home/al/blog.d', 'blog'], ['/', 'app'], ['/srv/shop/releases/42', 'shop']] as const) {
  test(`an app in ${directory} is called ${name}`, () => assert.equal(appName(directory), name));
}
