// `--root` on a tree whose root is somebody else's: whatever links are in there, this machine is neither read nor written.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lab } from '../lab/lab.js';
import { LONG, NEWEST } from './whole.js';

/** What of this machine such links can lead to. Every text in it says `of the host`. */
const HOST = `
  mkdir -p /etc/wsgictl/apps.d /etc/wsgictl/templates /usr/share/wsgictl/apps.d /var/lib/wsgictl/hostapp/generations/1 /mirror
  mkdir -p /etc/systemd/system/wsgi-app@hostapp.socket.d
  for template in /usr/lib/wsgictl/templates/*.hbs; do { echo '# of the host'; cat "$template"; } >"/etc/wsgictl/templates/\${template##*/}"; done
  printf '[app]\\nmodule = hostapp\\nuser = daemon\\n' | tee /usr/share/wsgictl/apps.d/hostapp.ini >/etc/wsgictl/apps.d/hostapp.ini
  echo '"of the host"' >/var/lib/wsgictl/hostapp/wish
  for unit in wsgi-worker-hostapp-1@.service wsgi-app@hostapp.socket.d/10-wsgictl.conf; do echo '# of the host' >/etc/systemd/system/$unit; done
  useradd --uid 4711 hostonly
  mount --bind / /mirror`;

const SNAPSHOT = `{ find /etc /var/lib/wsgictl /usr/share/wsgictl /root -printf '%p %m %U:%G %s %T@ %l\\n' | sort
  find /etc /var/lib/wsgictl -type f -exec sha256sum {} +; ls -A / /run /usr/lib/wsgictl; }`;

/** A tree with one app, and one that has lost its INI file. */
const TREE = `
  cd /tree; find . -mindepth 1 -delete
  mkdir -p usr/lib/wsgictl usr/bin usr/share/wsgictl/apps.d srv/blog etc/wsgictl/apps.d etc/wsgictl/templates etc/systemd/system etc/apache2
  mkdir -p var/lib/wsgictl/blog/generations var/lib/wsgictl/hostapp/generations run etc/systemd/system/{wsgi-app@blog.socket.d,wsgi-app.target.wants}
  touch usr/lib/wsgictl/wsgictl.cjs usr/bin/python3 etc/passwd etc/group
  printf '[app]\\nmodule = blog\\nuser = daemon\\ndirectory = /srv/blog\\n[socket]\\nbacklog = 9\\n[reload]\\ntouch = /srv/blog/touch\\n' >etc/wsgictl/apps.d/blog.ini
  printf 'from flask import Flask\\napp = Flask(__name__)\\n' >srv/blog/blog.py; chown -R 4711 srv/blog
  printf 'WSGIDaemonProcess site user=daemon\\nWSGIScriptAlias / /srv/site.wsgi process-group=site\\n' >etc/apache2/site.conf`;

const FOLDERS = LONG
  ? ['etc', 'etc/systemd', 'etc/systemd/system', 'etc/wsgictl', 'etc/wsgictl/apps.d', 'etc/wsgictl/templates', 'usr/share/wsgictl', 'usr/share/wsgictl/apps.d', 'usr/lib/wsgictl',
    'var', 'var/lib', 'var/lib/wsgictl', 'var/lib/wsgictl/blog', 'etc/systemd/system/wsgi-app@blog.socket.d', 'run']
  : ['etc/systemd', 'var', 'var/lib/wsgictl/blog', 'etc/systemd/system/wsgi-app@blog.socket.d', 'usr/lib/wsgictl'];

/** What is different on this machine, and what of it is in the tree. */
const HELD = `echo HELD; ${SNAPSHOT} | diff /var/before - || true; grep -rlsE 'of the host|hostonly|SocketGroup=www-data' /tree --exclude='*.socket' || true`;

function held(said: string, what: string): void {
  assert.equal(said.split('HELD\n')[1], '', what);
  assert.doesNotMatch(said, /of the host|this is a bug/, what);
}

/** What each folder of the tree is called on this machine. */
const onHost = (folder: string): string => folder.replace('blog', 'hostapp');

const COMMANDS: Readonly<Record<string, string>> = {
  check: 'check', render: 'render', init: 'init /srv/blog --write', import: 'import apache /etc/apache2/site.conf --write', status: 'status',
  apply: 'apply', 'apply of an app that is gone': 'apply hostapp', 'the trigger of the package': 'unit packaged',
};

for (const release of NEWEST) {
  describe(`--root on a hostile tree, on ${release}`, { timeout: 300_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release);
      await lab.sh(HOST);
      await lab.sh(`mkdir /tree; ${SNAPSHOT} >/var/before`);
    });
    after(() => lab.stop());

    /** Makes the tree, with links at those places, and runs those commands on it. Returns what they said. */
    async function attempt(links: readonly (readonly [at: string, target: string])[], commands: readonly string[]): Promise<string> {
      const placed = links.map(([at, target]) => `mv ${at} /tree/was.${at.replaceAll('/', '.')}; ln -s ${target} ${at}`);
      const said = await lab.sh(`${[TREE, ...placed].join('\n')}
        cd /
        ${commands.map((command) => `timeout 20 wsgictl --root /tree ${command} 2>&1 && echo done || test $? -ne 124`).join('\n')}
        ${HELD}`);
      held(said, JSON.stringify(links));
      return said;
    }

    it('without links, the commands do their work', async () => {
      const said = await attempt([], Object.values(COMMANDS));
      assert.match(said, /blog: starts at the next boot of \/tree/);
      assert.match(said, /hostapp: removed, since/);
      const made = await lab.sh('cd /tree; ls -d etc/wsgictl/apps.d/site.ini etc/systemd/system/wsgi-app-touch@blog.path etc/systemd/system/wsgi-app@blog.socket.d/10-wsgictl.conf; ls var/lib/wsgictl');
      assert.equal(made.split('\n').filter(Boolean).length, 4, made);
    });

    const elsewhere = (at: string): string => `/mirror/${onHost(at)}`;

    it('a link in place of any of its folders leads nowhere', async () => {
      for (const at of FOLDERS) await attempt([[at, elsewhere(at)]], ['apply']);
    });

    it('nor does one in place of a folder of links, to which systemctl would go by its path', async () => {
      const said = await attempt([['etc/systemd/system/wsgi-app.target.wants', '/etc/systemd/system/multi-user.target.wants']], ['apply', 'unit packaged']);
      assert.match(said, /wsgi-app\.target\.wants is a link/);
    });

    for (const [form, target] of [
      ['absolute links to this machine', (at: string) => `/${onHost(at)}`],
      ['links that climb out of the tree', (at: string) => `${'../'.repeat(at.split('/').length + 1)}mirror/${onHost(at)}`],
    ] as const) {
      it(`${form} lead no command anywhere`, async () => {
        const links = ['etc/systemd/system', 'etc/wsgictl/templates', 'var/lib/wsgictl', 'usr/share/wsgictl/apps.d', 'etc/passwd', 'etc/group'].map((at) => [at, target(at)] as const);
        await attempt(links, Object.values(COMMANDS));
        await attempt([...links, ['etc/wsgictl/apps.d', target('etc/wsgictl/apps.d')]], ['check', 'init /srv/blog --write', 'apply']);
        const ini = await attempt([['etc/wsgictl/apps.d/blog.ini', target('etc/wsgictl/apps.d/hostapp.ini')]], ['check', 'render /tree/etc/wsgictl/apps.d/blog.ini']);
        assert.doesNotMatch(ini, /--module=hostapp/);
      });
    }

    it("a running container's root is what /proc names it, not this machine's", async () => {
      const said = await lab.sh(`${TREE}
        rm -r var/lib/wsgictl/hostapp; mkdir old bin; cp /bin/sleep bin; ldd /bin/sleep | grep -o '/[^ ]*' | xargs -I{} cp --parents {} .
        unshare --mount sh -c 'mount --bind /tree /tree; cd /tree; pivot_root . old; exec /bin/sleep 60' >&2 & pid=$!
        for attempt in {1..50}; do [ "$(cat /proc/$pid/comm)" = sleep ] && break; sleep 0.1; done
        wsgictl --root /proc/$pid/root apply 2>&1
        kill $pid
        ${HELD}`);
      assert.match(said, /blog: starts at the next boot/);
      held(said, '/proc');
    });
  });
}
