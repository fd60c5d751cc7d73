import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { breaks } from '../../../src/config/drop-in.js';
import { dropInsOf, unitFile, unitPath } from '../../../src/host/drop-ins.js';
import { places } from '../../../src/host/places.js';
import { levelsOf } from '../../../src/units/levels.js';

const ROOT = mkdtempSync(join(tmpdir(), 'wsgictl-drop-ins-'));
after(() => rmSync(ROOT, { recursive: true }));

const PATH = unitPath(places('system', '/usr/lib/wsgictl/wsgictl.cjs', {}, ROOT), {});

function put(file: string, text: string | null = `# ${file}\n`): void {
  mkdirSync(dirname(join(ROOT, file)), { recursive: true });
  if (text === null) symlinkSync('/dev/null', join(ROOT, file));
  else writeFileSync(join(ROOT, file), text);
}

const inForce = (unit: string): string[] => dropInsOf(levelsOf(unit), PATH, ROOT).map(({ file }) => file);

test('what systemd merges, on all levels and from all folders, in its order', () => {
  const worker = 'wsgi-worker-shop-7@1.service';
  assert.deepEqual(inForce(worker), []);
  const all = [
    '/usr/lib/systemd/system/service.d/10-a.conf',
    '/etc/systemd/system/wsgi-.service.d/20-b.conf',
    '/run/systemd/system/wsgi-worker-.service.d/30-c.conf',
    '/usr/local/lib/systemd/system/wsgi-worker-shop-.service.d/40-d.conf',
    '/etc/systemd/system.control/wsgi-worker-shop-7@1.service.d/50-MemoryMax.conf',
    '/etc/systemd/system/wsgi-worker-shop-@1.service.d/60-e.conf',
    '/lib/systemd/system/wsgi-@.service.d/70-f.conf',
  ];
  for (const file of all) put(file);
  for (const other of ['service.d/x.txt', 'service.d/.y.conf', 'wsgi-worker-shop-8@.service.d/z.conf', 'wsgi-worker-sho-.service.d/z.conf', 'wsgi-worker-shop-7.service.d/z.conf', 'socket.d/z.conf']) {
    put(`/etc/systemd/system/${other}`);
  }
  assert.deepEqual(inForce(worker), all);
});

test('of equal names the first counts: /etc before /run before /usr, and a level of the name before that of the type', () => {
  const app = 'wsgi-app@shop.service';
  put('/usr/lib/systemd/system/wsgi-app@.service.d/zz.conf');
  put('/etc/systemd/system/service.d/zz.conf');
  assert.equal(inForce(app).at(-1), '/usr/lib/systemd/system/wsgi-app@.service.d/zz.conf');
  put('/run/systemd/system/wsgi-.service.d/zz.conf');
  assert.equal(inForce(app).at(-1), '/run/systemd/system/wsgi-.service.d/zz.conf');
  put('/etc/systemd/system/wsgi-app@.service.d/zz.conf');
  put('/etc/systemd/system/wsgi-app@shop.service.d/zz.conf');
  assert.equal(inForce(app).at(-1), '/etc/systemd/system/wsgi-app@shop.service.d/zz.conf');
  for (const nothing of [null, '']) {
    rmSync(join(ROOT, '/etc/systemd/system/wsgi-app@shop.service.d/zz.conf'));
    put('/etc/systemd/system/wsgi-app@shop.service.d/zz.conf', nothing);
    assert.ok(!inForce(app).some((file) => file.endsWith('zz.conf')), 'it is masked');
  }
});

test('a unit file of an instance, and a mask, are found', () => {
  assert.equal(unitFile('wsgi-app@shop.socket', PATH, ROOT), null);
  put('/usr/local/lib/systemd/system/wsgi-app@shop.socket');
  put('/run/systemd/system/wsgi-app@shop.socket', null);
  assert.equal(unitFile('wsgi-app@shop.socket', PATH, ROOT), '/run/systemd/system/wsgi-app@shop.socket');
});

test('what breaks a promise, and what does not', () => {
  const cases: ['worker' | 'handle' | 'socket', string, boolean][] = [
    ['worker', 'Service.TimeoutStopSec', true], ['worker', 'Service.TimeoutSec', true], ['worker', 'Service.KillMode', true], ['worker', 'Service.Restart', true],
    ['worker', 'Service.Type', true], ['worker', 'Service.RuntimeMaxSec', true], ['worker', 'Service.Sockets', true], ['worker', 'Unit.StartLimitBurst', true],
    ['worker', 'Service.MemoryMax', false], ['worker', 'Service.ProtectHome', false], ['worker', 'Unit.After', false], ['worker', 'Unit.Wants', false], ['worker', 'Socket.Backlog', false],
    ['handle', 'Service.TimeoutStopSec', true], ['handle', 'Service.TimeoutStartSec', true], ['handle', 'Service.ExecStopPost', true], ['handle', 'Service.Nice', false],
    ['socket', 'Socket.ListenStream', true], ['socket', 'Socket.SocketMode', true], ['socket', 'Socket.Accept', true], ['socket', 'Socket.FlushPending', true],
    ['socket', 'Socket.KeepAlive', false], ['socket', 'Unit.StopWhenUnneeded', true], ['socket', 'Service.Type', false],
  ];
  for (const [kind, directive, bad] of cases) {
    const [section = '', name = ''] = directive.split('.');
    assert.equal(breaks(kind, section, name) !== null, bad, `${kind} ${directive}`);
  }
});
