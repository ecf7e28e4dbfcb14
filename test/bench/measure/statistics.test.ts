import { expect, test } from 'vitest';
import { quantile, slope } from './statistics.ts';

test('a quantile is one of the values, the greatest at most', () => {
  const values = [4, 1, 3, 2];
  expect([0, 0.25, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 1, 2, 4, 4]);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a slope is what y grows by with each x, whatever lies beside the line', () => {
  expect(slope([0, 1, 2, 3].map((x) => [x, 10 + 3 * x]))).toBeCloseTo(3);
  const beside = [0.5, -0.5, -0.5, 0.5].map((off, x) => [x, 7 - 2 * x + off] as const);
  expect(slope(beside)).toBeCloseTo(-2);
});
