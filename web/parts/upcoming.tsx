import { until } from '../core/days.ts';
import { exactTime } from '../core/format.ts';
import { useNow } from './when.tsx';

/** A time to come as people say it; the exact one on hover and for who reads it aloud. */
export function Upcoming({ at }: { readonly at: string }) {
  const now = useNow(10_000);
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(time)}>
      {until(time, now)}
    </time>
  );
}
