import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCart } from '../src/cart.js';
import { pay, priceOf } from '../src/checkout.js';
import { connectToBank } from './sandbox-bank.js';

describe('Checkout', () => {
  it('adds the tax', async () => {
    await sleep(70);
    assert.deepEqual(priceOf(cartWithTea(), { country: 'Japan' }), { net: 900, tax: 90, gross: 990 });
  });

  it('applies a coupon', async () => {
    await sleep(90);
    assert.equal(priceOf(cartWithTea(), { country: 'Germany', coupon: 'WELCOME10' }).net, 810);
  });

  it('pays at the bank', async () => {
    await sleep(120);
    const receipt = await pay(cartWithTea(), connectToBank(), { country: 'Turkey' });
    assert.match(receipt, /^R-1080$/);
  });
});

function cartWithTea() {
  const cart = createCart();
  cart.add('tea', 450, 2);
  return cart;
}
