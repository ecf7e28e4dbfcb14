import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { taxOn } from '../src/tax.js';

describe('Tax', () => {
  it('charges the tax of', async (t) => {
    const expected = { Germany: 1900, Turkey: 2000, Japan: 1000 };
    for (const [country, tax] of Object.entries(expected)) {
      await t.test(country, async () => {
        await sleep(50);
        assert.equal(taxOn(10_000, country), tax);
      });
    }
  });

  it('rounds half a cent up', async () => {
    await sleep(40);
    assert.equal(taxOn(50, 'Germany'), 10);
  });
});
