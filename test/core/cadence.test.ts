import { expect, test } from 'vitest';
import { dispatchBackoff, learnUsual, pollWait, waits, waitWithin } from '../../lib/core/cadence.ts';

function pollsOf(runSeconds: number, usualSeconds?: number): number {
  let polls = 0;
  for (let elapsed = 0; elapsed < runSeconds; polls++) elapsed += pollWait(elapsed, usualSeconds, 900);
  return polls;
}

test('a run of an hour is polled at most 68 times without history, so that it takes 70 transitions', () => {
  expect(pollsOf(3600)).toBeLessThanOrEqual(68);
});

test('with history the same run is polled at most 28 times, and its end is still noticed within a minute', () => {
  expect(pollsOf(3600, 3600)).toBeLessThanOrEqual(28);
  for (let elapsed = 2700; elapsed < 7200; elapsed += 7) expect(pollWait(elapsed, 3600, 900)).toBeLessThanOrEqual(60);
});

test('a run of a day stays far below 20,000 history events at five a poll', () => {
  expect(pollsOf(86_400) * 5).toBeLessThan(8000);
});

test('every wait is one both drivers know, never more than asked for', () => {
  for (let seconds = 1; seconds < 400; seconds++) {
    expect(waits).toContain(waitWithin(seconds));
    expect(waitWithin(seconds)).toBeLessThanOrEqual(seconds);
  }
  expect(waitWithin(0)).toBe(1);
});

test('a dispatch is tried again after 2, 4, 8, 15 and 30 seconds, or later if the executor asks, up to 300', () => {
  expect([1, 2, 3, 4, 5].map((tries) => dispatchBackoff(tries, undefined))).toEqual([2, 4, 8, 15, 30]);
  expect(dispatchBackoff(1, 120)).toBe(120);
  expect(dispatchBackoff(1, 86_400)).toBe(300);
});

test('the usual duration follows a plan that changed', () => {
  let usual = learnUsual(undefined, 100);
  expect(usual).toBe(100);
  for (let run = 0; run < 10; run++) usual = learnUsual(usual, 1000);
  expect(usual).toBeGreaterThan(950);
});
