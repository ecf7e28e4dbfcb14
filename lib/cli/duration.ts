import { InvalidArgumentError } from 'commander';

const factors = { h: 3_600_000, m: 60_000, s: 1000 } as const;
/** What a timer of Node holds. */
const mostMs = 2_147_483_647;

/** Milliseconds of `90s`, `45m` or `1h30m`. A number alone is refused: it could be any unit. */
export function parseDuration(text: string): number {
  const [, h, m, s] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text.trim()) ?? [];
  const ms = Number(h ?? 0) * factors.h + Number(m ?? 0) * factors.m + Number(s ?? 0) * factors.s;
  if (ms > 0 && ms <= mostMs) return ms;
  throw new InvalidArgumentError('must be a duration as in 90s, 45m or 1h30m, up to 24 days');
}

/** As a person says it: `3.2 s`, `4 min 10 s`, `2 h 5 min`. */
export function describeDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 59_500) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
