// Puts what `npm run build` made where a Debian package has it: node packaging/install.mjs ROOT UNITS USER_UNITS
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { staticUnits } from '../.build/src/host/static-units.js';

const [root, units, userUnits] = process.argv.slice(2);

function write(path, text, mode = 0o644) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
}

function link(path, target) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

// Debian's interpreters are named by their paths: an upgrade of some other Node.js must not change what units run.
const program = readFileSync('dist/wsgictl.cjs', 'utf8').replace(/^#!.*/, '#!/usr/bin/node');
write('usr/lib/wsgictl/wsgictl.cjs', program, 0o755);
cpSync('dist/worker', join(root, 'usr/lib/wsgictl/worker'), { recursive: true });
cpSync('dist/templates', join(root, 'usr/share/wsgictl/templates'), { recursive: true });
link('usr/lib/wsgictl/templates', '../../share/wsgictl/templates');
link('usr/bin/wsgictl', '../lib/wsgictl/wsgictl.cjs');
cpSync('packaging/needrestart/wsgictl.conf', join(root, 'etc/needrestart/conf.d/wsgictl.conf'));

// For packagers of apps.
cpSync('packaging/debhelper/dh_installwsgi', join(root, 'usr/bin/dh_installwsgi'));
for (const script of ['prerm-wsgi', 'postinst-wsgi']) {
  cpSync(join('packaging/debhelper', script), join(root, 'usr/share/debhelper/autoscripts', script));
}
cpSync('packaging/debhelper/wsgictl.pm', join(root, 'usr/share/perl5/Debian/Debhelper/Sequence/wsgictl.pm'));

cpSync('packaging/completions/wsgictl.bash', join(root, 'usr/share/bash-completion/completions/wsgictl'));
cpSync('packaging/completions/_wsgictl', join(root, 'usr/share/zsh/vendor-completions/_wsgictl'));
cpSync('packaging/completions/wsgictl.fish', join(root, 'usr/share/fish/vendor_completions.d/wsgictl.fish'));
for (const section of [1, 5, 7]) {
  const pages = readdirSync('dist/man').filter((name) => name.endsWith(`.${section}`));
  for (const name of pages) cpSync(join('dist/man', name), join(root, `usr/share/man/man${section}`, name));
}
mkdirSync(join(root, 'etc/wsgictl/apps.d'), { recursive: true });
mkdirSync(join(root, 'etc/wsgictl/templates'), { recursive: true });
mkdirSync(join(root, 'var/lib/wsgictl'), { recursive: true });

const common = { root: '', program: '/usr/bin/wsgictl', node: null, templates: [resolve('dist/templates')] };
for (const [mode, folder] of [['system', units], ['user', userUnits]]) {
  // An administrator's are there, whose drop-ins the units look for.
  for (const [name, text] of staticUnits({ ...common, mode, units: `/etc/systemd/${mode}` })) write(join(folder, name), text);
}
