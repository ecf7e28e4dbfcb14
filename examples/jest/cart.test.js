const total = (prices) => prices.reduce((sum, price) => sum + price, 0);

describe('Cart', () => {
  it('is empty at first', () => {
    expect(total([])).toBe(0);
  });

  it('adds up prices', () => {
    expect(total([200, 350])).toBe(550);
  });

  // Fails in the first attempt, so that there is something to rerun.
  it('waits for the warehouse', () => {
    expect(process.env.PROCTOR_ATTEMPT).not.toBe('1');
  });
});
