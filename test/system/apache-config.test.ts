// Apache itself judges how its configuration is read: `apache2 -t -D DUMP_CONFIG` prints it after Define, Include, Use and <IfX>.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Modules } from '../../src/apache/condition.js';
import { walk } from '../../src/apache/directive.js';
import { Notes } from '../../src/apache/notes.js';
import { Reader } from '../../src/apache/reader.js';
import { Variables } from '../../src/apache/variables.js';
import { FileSources } from '../../src/host/sources.js';
import { Lab, RELEASES } from '../lab/lab.js';
import { eachSeed } from '../unit/random.js';
import { configuration, dumpedLines, dumpedNumbers, plainLines } from './apache-config.js';

const COUNT = 60;

for (const release of RELEASES) {
  describe(`Apache reads on ${release}`, { timeout: 600_000 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await Lab.boot(release, { install: false });
      await lab.sh('a2enmod -q info macro env');
    });
    after(async () => lab.stop());

    it('what it prints is what we read, with the lines', async () => {
      const made = new Map<string, string>();
      eachSeed(COUNT, (random) => {
        const directory = `/etc/apache2/made/${random.seed}`;
        const [[main, text] = ['', ''], ...others] = Object.entries(configuration(random, directory));
        made.set(main, `ServerRoot /etc/apache2\nPidFile /run/a.pid\nErrorLog /tmp/a.log\nServerName x\nInclude mods-enabled/*.load\n${text}`);
        for (const [path, content] of others) made.set(path, content);
      });
      const pack = [...made].map(([path, text]) => `${path}\t${Buffer.from(text).toString('base64')}\n`).join('');
      await lab.sh('while IFS=$\'\\t\' read -r path text; do mkdir -p "${path%/*}"; base64 -d <<<"$text" >"$path"; done', { input: pack });
      const version = /Apache\/([\d.]+)/.exec(await lab.sh('apache2 -v'))?.[1] ?? '';
      const dumps = await lab.sh('for f in /etc/apache2/made/*/main.conf; do echo "@@@ $f"; apache2 -t -D DUMP_CONFIG -f "$f" 2>&1 >/tmp/dump || echo "@FAILED"; cat /tmp/dump; done', { timeout: 300_000 });
      const read = dumps.split(/^@@@ /m).slice(1);
      assert.ok(read.length >= 1);
      let faulty = 0;
      for (const part of read) {
        const main = part.slice(0, part.indexOf('\n'));
        const dump = part.slice(part.indexOf('\n') + 1).replace(/^.*AH\d+:.*\n|^Syntax OK\n/gm, '');
        const notes = new Notes();
        const sources = new FileSources(lab.root);
        const reader = new Reader({ sources, serverRoot: '/etc/apache2', variables: new Variables(new Map()), modules: new Modules(['!wsgi_module']), version }, notes);
        const tree = reader.readFile(main, sources.read(main) ?? '');
        if (dump.includes('@FAILED')) {
          faulty++;
          continue;
        }
        assert.deepEqual(notes.list(), [], `${main}\n${made.get(main) ?? ''}`);
        assert.deepEqual(plainLines(tree), dumpedLines(dump), `${main}\n${made.get(main) ?? ''}`);
        const ours = [...walk(tree)].filter(({ directive: { place } }) => place.file === main && place.via === null).map(({ directive }) => directive.last);
        assert.deepEqual(ours, dumpedNumbers(dump, main), main);
      }
      assert.ok(faulty < read.length / 2, `Apache took only ${read.length - faulty} of ${read.length}`);
    });
  });
}
