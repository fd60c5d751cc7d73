// Root, that is PID 1 or wsgictl, opens no path that another account decides about, and no link's name ends a line.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { appIni, configure, deploy, shopIni, type IniOverrides } from '../lab/fixture.js';
import { Lab } from '../lab/lab.js';
import { LONG, NEWEST, statusOf } from './whole.js';

const QUICK: IniOverrides = { workers: { processes: 1 }, reload: { settle: '100ms', 'graceful-timeout': '5s', 'interrupt-timeout': '1s' }, health: { 'warm-up': null } };
const INI = '/etc/wsgictl/apps.d/shop.ini';

/** The account `deploy` owns /srv; /opt/open belongs to root and is the group's to write; the rest is root's. */
const PLACES = `
  mkdir -p /etc/shop /opt/open /srv/shop/run /srv/shop/log; chown deploy /srv/shop /srv/shop/run /srv/shop/log
  printf 'DB_PASSWORD=secret\\n' >/etc/shop/secrets.env; chmod 600 /etc/shop/secrets.env
  printf 'top secret' >/etc/shop/key; chmod 600 /etc/shop/key
  cp /etc/shop/secrets.env /opt/open/shop.env; chgrp deploy /opt/open; chmod 2775 /opt/open
  ln -s /srv/shop/link.env /etc/shop/leads-out.env; ln -s secrets.env /etc/shop/stays.env
  mkfifo /etc/shop/fifo; mkfifo /srv/shop/fifo.env
  runuser -u deploy -- ln -s /etc/shop/secrets.env /srv/shop/link.env
  runuser -u deploy -- touch /srv/shop/plain.env
  mkdir /opt/listed; cp /etc/shop/secrets.env /opt/listed
  python3 -c 'import os, pwd, struct
entry = lambda tag, allowed, who=0xffffffff: struct.pack("<HHI", tag, allowed, who)
user = pwd.getpwnam("deploy").pw_uid
os.setxattr("/opt/listed", "system.posix_acl_access", struct.pack("<I", 2) + entry(1, 7) + entry(2, 7, user) + entry(4, 5) + entry(16, 7) + entry(32, 5))'
`;

/** What each INI file has in addition, and the faults that check finds in it. */
const REFUSED: readonly (readonly [more: string, fault: RegExp])[] = [
  ['[app]\nenvironment-file = /srv/shop/plain.env', /environment-file \/srv\/shop\/plain\.env: \/srv belongs to deploy: .*such as \/etc\/wsgictl\/secrets\/shop\.env/],
  ['[app]\nenvironment-file = /srv/shop/link.env', /\/srv belongs to deploy/],
  ['[app]\nenvironment-file = /srv/shop/fifo.env', /\/srv belongs to deploy/],
  ['[app]\nenvironment-file = -/srv/shop/none/x.env', /\/srv belongs to deploy/],
  ['[app]\nenvironment-file = /etc/shop/leads-out.env', /\/srv belongs to deploy/],
  ['[app]\nenvironment-file = /opt/open/shop.env', /\/opt\/open can be written by the group deploy/],
  ['[app]\nenvironment-file = /opt/listed/secrets.env', /\/opt\/listed can be written by the group root, or by accounts of its access list/],
  ['[app]\nenvironment-file = /tmp/shop.env', /\/tmp can be written by everybody/],
  ['[app]\nenvironment-file = /etc/shop/fifo', /\/etc\/shop\/fifo is a FIFO, not a regular file/],
  ['[app]\nenvironment-file = /etc/shop', /\/etc\/shop is a directory, not a regular file/],
  ['[app]\nenvironment-file = /etc/shop/none', /\/etc\/shop\/none does not exist/],
  ['[credentials]\nkey = /srv/shop/plain.env', /key \/srv\/shop\/plain\.env: \/srv belongs to deploy/],
  ['[credentials]\nkey = /etc/shop/none', /does not exist/],
  ['[service]\nStandardOutput = append:/srv/shop/log/out.log', /StandardOutput \/srv\/shop\/log\/out\.log: \/srv belongs to deploy: .*\/var\/log\/shop\.log/],
  ['[service]\nStandardError = file:/srv/shop/log/%i.log', /StandardError \/srv\/shop\/log\/1\.log: \/srv belongs to deploy/],
  ['[service]\nLoadCredential = x:/srv/shop/plain.env', /LoadCredential .*\/srv belongs to deploy/],
  ['[service]\nLoadCredentialEncrypted = x:/srv/shop/plain.env', /LoadCredentialEncrypted .*\/srv belongs to deploy/],
  ['[service]\nExtensionDirectories = /srv/shop', /ExtensionDirectories .*\/srv belongs to deploy/],
  ['[service]\nNetworkNamespacePath = /srv/shop/ns', /NetworkNamespacePath .*\/srv belongs to deploy/],
  ['[service]\nBindPaths = /srv/shop/run:/mnt', /BindPaths \/srv\/shop\/run: \/srv belongs to deploy: root could be made to mount or make something elsewhere; .*ReadWritePaths/],
  ['[service]\nBindReadOnlyPaths = /etc/shop:/srv/shop/none/%i', /BindReadOnlyPaths \/srv\/shop\/none\/1: \/srv belongs to deploy/],
  ['[service]\nTemporaryFileSystem = /srv/shop/cache:mode=1777', /TemporaryFileSystem \/srv\/shop\/cache: \/srv belongs to deploy/],
  ['[service]\nLogsDirectory = shop\nStandardOutput = append:/var/log/shop/out.log', /StandardOutput \/var\/log\/shop\/out\.log: \/var\/log\/shop is the app's own by then/],
  ['[service]\nStateDirectory = shop shop/inner', /names shop\/inner, which lies in a directory that is the app's own/],
  ['[service]\nSetCredential = x:hunter2', /\[service\] cannot set SetCredential; .*\[credentials\]/],
  ['[service]\nRootHash = /srv/shop/x', /\[service\] cannot set RootHash/],
  ['[service]\nTTYPath = /srv/shop/x', /\[service\] cannot set TTYPath/],
  ['[socket]\nlisten = /srv/shop/run/shop.sock', /listen \/srv\/shop\/run\/shop\.sock: \/srv belongs to deploy: .*leave out listen/],
  ['[socket]\nlisten = /srv/not/there/yet.sock', /\/srv belongs to deploy/],
  ['[socket]\nlisten = /opt/open/shop.sock', /\/opt\/open can be written by the group deploy/],
];

const FINE = [
  '[app]\nenvironment-file = /etc/shop/secrets.env\nenvironment-file = /etc/shop/stays.env\nenvironment-file = -/etc/shop/none/x',
  '[credentials]\nkey = /etc/shop/key\n[service]\nStandardError = append:/var/log/shop-%i.log\nStateDirectory = shop/a shop/b\nLoadCredential = other:/etc/shop/key\nBindReadOnlyPaths = /etc/shop:/mnt/made',
  '[socket]\nlisten = /run/elsewhere/shop.sock',
];

/** The INI file of the app with further lines; sections that stand already are gone on with. */
function ini(more: string): string {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of `${shopIni(QUICK)}\n${more}`.split('\n')) {
    if (line.startsWith('[')) lines = sections.get(line) ?? sections.set(line, []).get(line) as string[];
    else lines.push(line);
  }
  return [...sections].map(([header, body]) => [header, ...body].join('\n')).join('\n');
}

for (const release of NEWEST) {
  describe(`paths that root opens, on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;

    before(async () => {
      lab = await Lab.boot(release);
      await deploy(lab, 1, { importDelay: 0 });
      await lab.sh(PLACES);
      await configure(lab, QUICK);
      await lab.sh('wsgictl apply');
    });
    after(async () => lab.stop());

    const run = async (...command: string[]): Promise<{ code: number; said: string }> => {
      const { code, stdout, stderr } = await lab.run(command, { timeout: 60_000 });
      return { code, said: stdout + stderr };
    };
    const refused = async (fault: RegExp, ...command: string[]): Promise<void> => {
      const { code, said } = await run(...command);
      assert.equal(code, 3, `${command.join(' ')}: ${said}`);
      assert.match(said, fault);
    };

    it('check refuses each such path by its line, and names the folder', async () => {
      // As apps of their own: one call looks at them all.
      await lab.sh('mkdir /root/cases');
      for (const [index, [more]] of REFUSED.entries()) await lab.write(`/root/cases/c${index}.ini`, ini(more), 0o644);
      const { code, said } = await run('bash', '-c', 'wsgictl check /root/cases/*.ini');
      assert.equal(code, 3, said);
      for (const [index, [more, fault]] of REFUSED.entries()) {
        const lines = said.split('\n').filter((line) => line.startsWith(`/root/cases/c${index}.ini:`));
        assert.match(lines.join('\n'), new RegExp(`^/root/cases/c${index}\\.ini:\\d+: `), more);
        assert.match(lines.join('\n').replaceAll(`c${index}.env`, 'shop.env').replaceAll(`c${index}.log`, 'shop.log'), fault, more);
      }
      assert.doesNotMatch(said, /hunter2|: fine/);
    });

    it('apply and reload refuse it too, the app goes on, and PID 1 has opened nothing', async () => {
      await lab.write(INI, ini('[app]\nenvironment-file = /srv/shop/fifo.env\n[socket]\nlisten = /srv/shop/run/shop.sock'), 0o644);
      for (const verb of ['apply', 'reload']) await refused(/\.env: \/srv belongs to deploy[^]*\.sock: \/srv belongs to deploy/, 'wsgictl', verb, 'shop');
      assert.equal((await run('curl', '-sS', '--unix-socket', '/run/wsgi/shop.sock', 'http://x/fast')).said, 'fast\n');
      assert.equal((await statusOf(lab)).generation, 1);
      assert.equal(await lab.sh('ls /srv/shop/run'), '');
    });

    it('of a file that somebody else could have written, nothing is run, as nobody, and no secret is handed out', async () => {
      await lab.write('/srv/evil/bin/python', '#!/bin/sh\nid >/run/pwned; cat $CREDENTIALS_DIRECTORY/k\n', 0o755);
      await lab.sh('chown -R deploy /srv/evil');
      const evil = '[app]\nmodule = app\nvirtualenv = /srv/evil\nuser = root\nallow-root = yes\nsandbox = off\n[credentials]\nk = /etc/shop/key\n';
      await lab.write('/srv/evil.ini', evil, 0o644);
      await lab.write('/root/own.ini', evil, 0o644);
      const { said } = await run('wsgictl', 'check', '/srv/evil.ini');
      assert.match(said, /evil: the file is fine; its Python was not looked at: cannot trust \/srv\/evil\.ini: \/srv belongs to deploy/);
      assert.equal(await lab.exists('/run/pwned'), false);
      // What root himself says, is done.
      await run('wsgictl', 'check', '/root/own.ini');
      assert.equal(await lab.exists('/run/pwned'), true);
    });

    it('what is in a folder of root goes through, and a credential reaches the app, and nobody else', async () => {
      for (const more of FINE) {
        await lab.write(INI, ini(more), 0o644);
        const { code, said } = await run('wsgictl', 'apply', 'shop');
        assert.equal(code, 0, `${more}: ${said}`);
        if (!more.startsWith('[credentials]')) continue;
        const { workers: [worker] } = await statusOf(lab);
        const place = `/run/credentials/${worker?.unit}/key`;
        const seen = `cat /proc/${worker?.pid}/root${place}`;
        assert.equal(await lab.sh(`setpriv --reuid deploy --regid deploy --clear-groups ${seen}`), 'top secret');
        assert.notEqual((await run('setpriv', '--reuid', 'alice', '--regid', 'alice', '--clear-groups', 'cat', place)).code, 0);
        assert.doesNotMatch(await lab.sh(`tr '\\0' '\\n' </proc/${worker?.pid}/environ; cat /etc/systemd/system/wsgi-worker-shop-*`), /top secret/);
      }
      // With directories that systemd makes it can be started again, too.
      await lab.write(INI, ini('[service]\nStateDirectory = shop/a\n[socket]\nlisten = /run/elsewhere/shop.sock'), 0o644);
      await lab.sh('wsgictl apply shop && wsgictl restart shop', { timeout: 60_000 });
      assert.equal((await run('curl', '-sS', '--unix-socket', '/run/elsewhere/shop.sock', 'http://x/fast')).said, 'fast\n');
    });

    it('what served before goes on, is told of, and starts only with a regular file of root at that moment', { skip: !LONG && 'npm run test:long runs it' }, async () => {
      await lab.sh('mkdir -p /opt/shop; printf A=1 >/opt/shop/x.env');
      await lab.write(INI, ini('[app]\nenvironment-file = /opt/shop/x.env\n[socket]\nlisten = /opt/shop/shop.sock'), 0o644);
      await lab.sh('wsgictl apply shop; chown deploy /opt/shop');
      const answers = async (): Promise<string> => (await run('curl', '-sS', '--unix-socket', '/opt/shop/shop.sock', 'http://x/fast')).said;
      const { code, notes, generation } = await statusOf(lab);
      assert.equal(code, 1);
      assert.match(notes.join('\n'), /EnvironmentFile= \/opt\/shop\/x\.env: \/opt\/shop belongs to deploy/);
      assert.match(notes.join('\n'), /its socket \/opt\/shop\/shop\.sock is in a folder that another account can write/);
      await refused(/\/opt\/shop belongs to deploy/, 'wsgictl', 'reload', 'shop');
      assert.equal(await answers(), 'fast\n');

      // The socket is made by root, and given away by its path: never there.
      await lab.run(['wsgictl', 'restart', 'shop'], { timeout: 60_000 });
      await lab.run(['systemctl', 'restart', 'wsgi-app@shop.socket'], { timeout: 60_000 });
      assert.notEqual((await run('systemctl', 'is-active', 'wsgi-app@shop.socket')).code, 0);
      assert.match(await lab.journal(['-u', 'wsgi-app@shop.socket']), /cannot listen on \/opt\/shop\/shop\.sock/);

      // Its file is still root's own: with a socket elsewhere it would start.
      await lab.sh('printf "[Socket]\\nListenStream=\\nListenStream=/run/wsgi/shop.sock\\n" >/etc/systemd/system/wsgi-app@shop.socket.d/10-wsgictl.conf; systemctl daemon-reload');
      await lab.sh('wsgictl start shop', { timeout: 60_000 });
      assert.equal((await statusOf(lab)).generation, generation);
      for (const evil of ['ln -sfn /etc/shop/secrets.env x.env', 'rm x.env; mkfifo x.env', 'rm x.env; cp /etc/hostname x.env']) {
        await lab.sh('wsgictl stop shop', { timeout: 60_000 });
        await lab.sh(`cd /opt/shop; runuser -u deploy -- sh -c '${evil}'`);
        const start = await run('wsgictl', 'start', 'shop');
        assert.equal(start.code, 1, start.said);
        assert.match(start.said, /cannot start shop: EnvironmentFile= \/opt\/shop\/x\.env: \/opt\/shop\/x\.env (is a link of deploy|is a FIFO|belongs to deploy)/);
      }
      assert.equal((await statusOf(lab)).code, 1);
      await configure(lab, QUICK);
      await lab.sh('wsgictl apply shop', { timeout: 60_000 });
      assert.equal((await statusOf(lab)).code, 0);
    });

    it('an INI file or template that a link leads to is looked at where it is', async () => {
      await lab.sh(`mkdir -p /srv/deploy /etc/wsgictl/templates; cp ${INI} /srv/deploy/shop.ini; cp /usr/lib/wsgictl/templates/wsgi-worker@.service.hbs /srv/deploy/`);
      await lab.sh(`chown -R deploy /srv/deploy; chown root /srv/deploy/*; mv ${INI} /root/shop.ini; ln -s /srv/deploy/shop.ini ${INI}`);
      for (const verb of ['check', 'apply']) {
        const { code, said } = await run('wsgictl', verb, 'shop');
        assert.notEqual(code, 0);
        assert.match(said, /cannot trust \/etc\/wsgictl\/apps\.d\/shop\.ini: \/srv belongs to deploy[^]*keep the file itself in a folder that only root can write/);
      }
      await lab.sh(`mv -T /root/shop.ini ${INI}; ln -s /srv/deploy/wsgi-worker@.service.hbs /etc/wsgictl/templates/`);
      const { code, said } = await run('wsgictl', 'check', 'shop');
      assert.equal(code, 3);
      assert.match(said, /cannot trust \/etc\/wsgictl\/templates\/wsgi-worker@\.service\.hbs: \/srv belongs to deploy/);
      await lab.sh('rm -r /etc/wsgictl/templates');
    });

    it('no name of a folder that a link passes through ends a line of a unit', async () => {
      const evil = '/srv/shop/x\nPathChanged=/etc/systemd/system/wsgi-worker-shop-.service.d\nMakeDirectory=yes\nDirectoryMode=0777\n#';
      await lab.write(INI, ini('[reload]\ntouch = /srv/shop/current/app.py'), 0o644);
      await lab.sh('runuser -u deploy -- sh -c \'mkdir -p "$EVIL" && ln -s /srv/shop/releases/1 "$EVIL/l" && ln -sfn "$EVIL/l" /srv/shop/current\'', { env: { EVIL: evil } });
      for (const verb of ['check', 'apply']) await refused(/touch \/srv\/shop\/current\/app\.py: a link leads through '[^\n]*<U\+000A>PathChanged/, 'wsgictl', verb, 'shop');
      assert.equal(await lab.exists('/etc/systemd/system/wsgi-worker-shop-.service.d'), false);
      await deploy(lab, 1, { importDelay: 0 });
    });

    it("the end of a socket's move removes nothing by way of another account's link", { skip: !LONG && 'npm run test:long runs it' }, async () => {
      await deploy(lab, 1, { app: 'blog', importDelay: 0 });
      await lab.write('/etc/wsgictl/apps.d/blog.ini', appIni('blog', QUICK), 0o644);
      await lab.sh('mkdir -p /opt/run');
      await lab.write(INI, ini('[socket]\nlisten = /opt/run/blog.sock'), 0o644);
      await lab.sh('wsgictl apply', { timeout: 60_000 });
      await lab.sh('chown deploy /opt /opt/run; runuser -u deploy -- mv /opt/run /opt/old; runuser -u deploy -- ln -s /run/wsgi /opt/run');
      await configure(lab, QUICK);
      await lab.sh('wsgictl apply', { timeout: 60_000 });
      assert.equal((await run('curl', '-sS', '--unix-socket', '/run/wsgi/blog.sock', 'http://x/fast')).said, 'fast\n');
      // Whoever removes it all the same is told of.
      await lab.sh('rm /run/wsgi/blog.sock');
      const { code, notes } = await statusOf(lab, 'blog');
      assert.equal(code, 1);
      assert.match(notes.join('\n'), /its socket \/run\/wsgi\/blog\.sock is gone.*systemctl restart wsgi-app@blog\.socket/);
    });
  });
}
