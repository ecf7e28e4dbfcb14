import { exactTime } from './format.ts';
import { type Tone, tellStanding } from './results.ts';
import type { History } from './use-plan.ts';

/** A completed run as charts and their table show it. */
export interface RunPoint {
  readonly id: number;
  readonly word: string;
  readonly tone: Tone;
  readonly passRate: number | null;
  readonly durationMs: number | null;
  readonly passed: number | null;
  readonly total: number | null;
  readonly buildNo: string | null;
  readonly when: string;
}

/** Oldest first, as time goes. */
export function toPoints(runs: History['runs']): readonly RunPoint[] {
  return runs
    .map(({ id, result, passRate, durationMs, counts, buildNo, endedAt, createdAt }) => ({
      id,
      ...tellStanding(result ?? 'completed'),
      passRate,
      durationMs,
      passed: counts?.passed ?? null,
      total: counts?.total ?? null,
      buildNo,
      when: exactTime(Date.parse(endedAt ?? createdAt)),
    }))
    .reverse();
}

/** The middle one of the durations that are known. */
export function medianOf(points: readonly RunPoint[]): number | null {
  const durations = points.flatMap(({ durationMs }) => durationMs ?? []).sort((a, b) => a - b);
  return durations[Math.ceil(durations.length / 2) - 1] ?? null;
}
