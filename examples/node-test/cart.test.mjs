import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

const total = (prices) => prices.reduce((sum, price) => sum + price, 0);

describe('Cart', () => {
  it('is empty at first', () => {
    assert.equal(total([]), 0);
  });

  it('adds up prices', () => {
    assert.equal(total([200, 350]), 550);
  });

  // Fails in the first attempt, so that there is something to rerun.
  it('waits for the warehouse', () => {
    assert.notEqual(process.env.PROCTOR_ATTEMPT, '1', 'the warehouse is waking up, try again');
  });
});
