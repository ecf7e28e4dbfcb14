import { type ReportedCase, worstOf } from '../core/results.ts';

/** Whether what a report calls a machine tells two cases of one name apart. */
type IsMachine = (machine: string) => boolean;

/** One result a case; of several with the same name, the first of the worst. */
export function worstOfEach(reported: readonly ReportedCase[], isMachine: IsMachine = () => true): ReportedCase[] {
  return oneOfEach(reported, isMachine, (known, next) => worstOf([known.result, next.result]) !== known.result);
}

/** One result a case; of several with the same name, the last. */
export function lastOfEach(reported: readonly ReportedCase[], isMachine: IsMachine = () => true): ReportedCase[] {
  return oneOfEach(reported, isMachine, () => true);
}

function oneOfEach(
  reported: readonly ReportedCase[],
  isMachine: IsMachine,
  replaces: (known: ReportedCase, next: ReportedCase) => boolean,
): ReportedCase[] {
  const kept = new Map<string, ReportedCase>();
  for (const one of reported) {
    const { suite, className, name, iteration = '', machine = '' } = one;
    const key = JSON.stringify([suite, className, name, iteration, isMachine(machine) ? machine : '']);
    const known = kept.get(key);
    if (known === undefined || replaces(known, one)) kept.set(key, one);
  }
  return [...kept.values()];
}
