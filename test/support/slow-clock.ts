/** One minute of a zone's clock: the instant, and what the clock shows, as if it hung at Greenwich. */
export interface ShownMinute {
  readonly at: number;
  readonly wallMs: number;
}

/**
 * What a zone's clock shows in every minute of a span: read off one by one, from the offsets the platform writes out in words. It
 * shares nothing with the code it judges.
 */
export function watchClock(timezone: string, from: number, until: number): readonly ShownMinute[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  const minutes: ShownMinute[] = [];
  for (let at = from; at < until; at += 60_000) {
    const [, sign, hours = 0, rest = 0] = format.format(at).match(/GMT(?:([+-])(\d\d):(\d\d))?/) ?? [];
    const offset = (Number(hours) * 60 + Number(rest)) * 60_000;
    minutes.push({ at, wallMs: at + (sign === '-' ? -offset : offset) });
  }
  return minutes;
}

/** When the clock first shows a wall time or a later one: what 4.7 of the Testsigma contract says of gaps and folds. */
export function firstShown(minutes: readonly ShownMinute[], wallMs: number): number | undefined {
  // No clock has been off by more than a day: the search need not begin at the beginning.
  const start = Math.max(0, Math.floor((wallMs - (minutes[0]?.at ?? 0)) / 60_000) - 1440);
  return minutes.slice(start, start + 2 * 1440 + 1).find((minute) => minute.wallMs >= wallMs)?.at;
}

/**
 * The instants at which a schedule fires that names wall times: where a time is skipped, at the end of the gap if `rescues`;
 * where it is shown again, again if `repeats`.
 */
export function watchFor(
  minutes: readonly ShownMinute[],
  fits: (wallMs: number) => boolean,
  { rescues, repeats }: { readonly rescues: boolean; readonly repeats: boolean },
): readonly number[] {
  let newest = (minutes[0]?.wallMs ?? 0) - 60_000;
  return minutes.flatMap(({ at, wallMs }) => {
    let fires = fits(wallMs) && (repeats || wallMs > newest);
    for (let skipped = newest + 60_000; rescues && skipped < wallMs; skipped += 60_000) fires ||= fits(skipped);
    newest = Math.max(newest, wallMs);
    return fires ? [at] : [];
  });
}
