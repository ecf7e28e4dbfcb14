import { taxOn } from './tax.js';

const coupons = { WELCOME10: 10 };

/** What a cart costs, in cents. */
export function priceOf(cart, { country, coupon }) {
  const discount = coupon === undefined ? 0 : Math.round((cart.total() * percentOf(coupon)) / 100);
  const net = cart.total() - discount;
  const tax = taxOn(net, country);
  return { net, tax, gross: net + tax };
}

/** Pays at the bank; answers the number of the receipt. */
export async function pay(cart, bank, options) {
  if (cart.count() === 0) throw new Error('the cart is empty');
  return bank.charge(priceOf(cart, options).gross);
}

function percentOf(coupon) {
  const percent = coupons[coupon];
  if (percent === undefined) throw new RangeError('this coupon does not exist');
  return percent;
}
