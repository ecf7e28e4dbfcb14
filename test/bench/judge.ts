import type { Figure, Measured } from './row.ts';

/** A missed target with its floor is `explained`; without one the row has regressed. */
export type Judgement = 'holds' | 'explained' | 'missed' | 'broke';

/** Whether the figure reaches its target; nothing where it has none. NaN reaches none. */
export function reaches({ value, target, atLeast }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  return atLeast ? value >= target : value <= target;
}

export function judge(measured: Measured): Judgement {
  if ('broke' in measured) return 'broke';
  const { figures, floor } = measured.outcome;
  if (!figures.some((figure) => reaches(figure) === false)) return 'holds';
  return floor ? 'explained' : 'missed';
}

/** 0 when every row holds or says why not, 1 when one broke or regressed, or when there is none. */
export function exitCode(rows: readonly Measured[]): 0 | 1 {
  const good = rows.every((row) => ['holds', 'explained'].includes(judge(row)));
  return rows.length > 0 && good ? 0 : 1;
}
