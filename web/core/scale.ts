import { duration } from './format.ts';

const steps = [
  ...[10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000],
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 4, 6, 12, 24, 48, 96].map((hours) => hours * 3_600_000),
];

/** Round durations from 0 to at least the longest: two to four, for an axis. */
export function durationTicks(longestMs: number): readonly number[] {
  const step = steps.find((each) => longestMs / each <= 3) ?? longestMs;
  const most = Math.max(1, Math.ceil(longestMs / step));
  return Array.from({ length: most + 1 }, (_, i) => i * step);
}

/** `0`, `5 s`, `2 min`. */
export function writeTick(ms: number): string {
  return ms === 0 ? '0' : duration(ms).replace('.0 ', ' ');
}

/** `83 %`; all of it only if nothing is missing, and nothing of it only if there is nothing. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${Math.min(99, Math.max(1, Math.round(share * 100)))} %`;
}
