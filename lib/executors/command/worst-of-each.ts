import { type ReportedCase, worstOf } from '../../core/results.ts';

/** One result a case; of several with the same name, the first of the worst. */
export function worstOfEach(reported: readonly ReportedCase[]): ReportedCase[] {
  const worst = new Map<string, ReportedCase>();
  for (const one of reported) {
    const key = JSON.stringify([one.suite, one.className, one.name]);
    const known = worst.get(key);
    if (known === undefined || worstOf([known.result, one.result]) !== known.result) worst.set(key, one);
  }
  return [...worst.values()];
}
