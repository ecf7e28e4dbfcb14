import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCart } from '../src/cart.js';

describe('Cart', () => {
  it('is empty at first', async () => {
    await sleep(40);
    assert.equal(createCart().count(), 0);
  });

  it('adds up prices', async () => {
    const cart = createCart();
    cart.add('tea', 450, 2);
    cart.add('cup', 1200);
    await sleep(80);
    assert.equal(cart.total(), 2100);
  });

  it('removes an article', async () => {
    const cart = createCart();
    cart.add('tea', 450);
    cart.remove('tea');
    await sleep(60);
    assert.equal(cart.count(), 0);
  });

  it('refuses a quantity of 0', async () => {
    await sleep(30);
    assert.throws(() => createCart().add('tea', 450, 0), /must be 1 or more/);
  });
});
