import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe } from '../../../src/cli/narrate.js';
import type { RollEvent } from '../../../src/roll/events.js';

test('an event of a newer version has no line: a command may follow a roll when wsgictl is upgraded', () => {
  const event = JSON.parse('{"at":1,"kind":"progress","percent":40}') as RollEvent;
  assert.equal(describe('shop', event), null);
});
