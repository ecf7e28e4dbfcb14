/** A cart: items by article, prices in cents. */
export function createCart() {
  const items = new Map();
  return {
    add(article, price, quantity = 1) {
      if (!Number.isInteger(quantity) || quantity < 1) throw new RangeError('the quantity must be 1 or more');
      const known = items.get(article)?.quantity ?? 0;
      items.set(article, { price, quantity: known + quantity });
    },
    remove(article) {
      items.delete(article);
    },
    count() {
      return sum([...items.values()].map(({ quantity }) => quantity));
    },
    total() {
      return sum([...items.values()].map(({ price, quantity }) => price * quantity));
    },
  };
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
