import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appNameFault } from '../../../src/config/name.js';
import * as names from '../../../src/plan/names.js';
import { property, type Random } from '../random.js';

const TABLE: readonly (readonly [app: string, worker: string, slice: string])[] = [
  ['shop', 'wsgi-worker-shop-7@1.service', 'wsgi-shop.slice'],
  ['my-shop', 'wsgi-worker-my:shop-7@1.service', 'wsgi-my:shop.slice'],
  ['a--b', 'wsgi-worker-a::b-7@1.service', 'wsgi-a::b.slice'],
  ['shop-', 'wsgi-worker-shop:-7@1.service', 'wsgi-shop:.slice'],
  ['shop-7', 'wsgi-worker-shop:7-7@1.service', 'wsgi-shop:7.slice'],
  ['a_b.c', 'wsgi-worker-a_b.c-7@1.service', 'wsgi-a_b.c.slice'],
];

for (const [app, worker, slice] of TABLE) {
  test(`the units of ${app}`, () => {
    assert.equal(names.workerUnit(app, 7, 1), worker);
    assert.equal(names.templateUnit(app, 7), worker.replace('@1', '@'));
    assert.equal(names.sliceUnit(app), slice);
    assert.equal(names.appUnit(app), `wsgi-app@${app}.service`);
    assert.equal(names.socketUnit(app), `wsgi-app@${app}.socket`);
  });
}

test('names that are none of ours', () => {
  for (const unit of [
    '', 'ssh.service', 'wsgi-app@shop.service', 'wsgi-worker-shop-7.service', 'wsgi-worker-shop-@1.service', 'wsgi-worker-shop-0@1.service',
    'wsgi-worker-shop-7@0.service', 'wsgi-worker-shop-07@1.service', 'wsgi-worker-shop-7@01.service', 'wsgi-worker-shop-7@x.service',
    'wsgi-worker-my-shop-7@1.service', 'wsgi-worker-my\\x2dshop-7@1.service', 'wsgi-worker-:shop-7@1.service', 'wsgi-worker-Shop-7@1.service',
    'wsgi-worker-shop-7@1.service.d', 'x-wsgi-worker-shop-7@1.service', 'wsgi-worker-shop-7@1.service\n', 'wsgi-check-shop:1-0@0.service',
  ]) {
    assert.equal(names.parseWorker(unit), null, unit);
    assert.equal(names.parseTemplate(unit), null, unit);
  }
});

const CHARACTERS = [...'abz09_.-', '-', '--', '7'];

function appName(random: Random): string {
  for (;;) {
    const name = random.text(CHARACTERS, 20);
    if (appNameFault(name) === null) return name;
  }
}

/** fnmatch(3) for the globs that are used here: `*` alone, and no other character that means something. */
function matches(glob: string, unit: string): boolean {
  assert.doesNotMatch(glob.replaceAll('*', ''), /[?[\]\\]/);
  return new RegExp(`^${glob.split('*').map((part) => part.replace(/[.]/g, '\\.')).join('.*')}$`).test(unit);
}

property('any two apps: names read back, hold what systemd allows, and the glob of one matches none of the other', 5_000, (random) => {
  const one = appName(random);
  const [generation, index] = [random.between(1, 99_999), random.between(1, 1000)];
  const worker = names.workerUnit(one, generation, index);
  assert.deepEqual(names.parseWorker(worker), { app: one, generation, index });
  assert.deepEqual(names.parseTemplate(names.templateUnit(one, generation)), { app: one, generation });
  assert.ok(matches(names.workersOf(one), worker));
  assert.ok(matches(names.ALL_WORKERS, worker));
  assert.ok(matches(names.ALL_SOCKETS, names.socketUnit(one)));
  for (const unit of [worker, names.templateUnit(one, generation), names.sliceUnit(one), names.appUnit(one), names.socketUnit(one)]) {
    // unit_name_is_valid(), without the backslash that no name of ours has.
    assert.match(unit, /^[A-Za-z0-9:_.@-]{1,255}$/);
  }
  // A dash is hierarchy in a slice: only the one after wsgi is meant.
  assert.match(names.sliceUnit(one), /^wsgi-[^-]+\.slice$/);
  // Names that begin alike are the dangerous ones: my and my-shop.
  const near = random.once(2) ? appName(random) : one + random.pick(['-', '-1', '-7', '.7', '-a', '_']);
  if (near === one || appNameFault(near) !== null) return;
  const foreign = names.workerUnit(near, generation, index);
  assert.ok(!matches(names.workersOf(one), foreign), `${names.workersOf(one)} matches ${foreign}`);
  assert.ok(!matches(names.workersOf(near), worker), `${names.workersOf(near)} matches ${worker}`);
  assert.notEqual(names.sliceUnit(near), names.sliceUnit(one));
});
