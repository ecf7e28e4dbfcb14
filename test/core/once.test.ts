import { expect, it } from 'vitest';
import { once } from '../../lib/core/once.ts';

it('makes at the first call, and the same for all of them', async () => {
  let made = 0;
  const get = once(async () => ({ number: ++made }));
  expect(made).toBe(0);
  const [first, second] = await Promise.all([get(), get()]);
  expect([first, await get()]).toEqual([{ number: 1 }, { number: 1 }]);
  expect(second).toBe(first);
});

it('makes again what failed', async () => {
  let tries = 0;
  const get = once(async () => {
    if (++tries === 1) throw new Error('not yet');
    return tries;
  });
  await expect(get()).rejects.toThrow('not yet');
  expect(await get()).toBe(2);
});
