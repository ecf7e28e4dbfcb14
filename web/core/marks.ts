import type { Tone } from './results.ts';

const square = 'M2.5 2.5h11v11h-11z';

/** What a run looks like in a chart, as a path in a box of 16 by 16: every tone has a shape, too. */
export const marks: Readonly<Record<Tone, string>> = {
  good: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12z',
  bad: 'M8 0L16 8L8 16L0 8z',
  broken: 'M8 1L16 15H0z',
  quiet: square,
  busy: square,
  waiting: square,
};
