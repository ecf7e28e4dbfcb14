import { useEffect, useState } from 'preact/hooks';
import { ago, exactTime } from '../core/format.ts';

/** A time as people say it; the exact one on hover and for who reads it aloud. */
export function When({ at }: { readonly at: string }) {
  const now = useNow(10_000);
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(time)}>
      {ago(time, now)}
    </time>
  );
}

/** The time, again and again. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
