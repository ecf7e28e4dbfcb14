import { isDeepStrictEqual } from 'node:util';
import { documentOf, type Plan, type PlanDocument } from '../../core/plan.ts';
import { keepConfigIds } from '../../core/saved-configs.ts';
import { keepScheduleIds } from '../../core/schedule/keep-schedule-ids.ts';
import { plural } from '../../core/words.ts';

/** One field that differs. Lists are shown by what they hold, not item by item. */
export interface Change {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** What differs between the stored plan and the document, whatever the order of their keys; empty if nothing does. */
export function comparePlans(plan: Plan, document: PlanDocument): Change[] {
  // A document need not say its number.
  const wanted = {
    ...document,
    id: plan.id,
    configs: keepConfigIds(plan.configs, document.configs ?? plan.configs),
    schedules: keepScheduleIds(plan.schedules, document.schedules ?? plan.schedules),
  };
  const changes: Change[] = [];
  compare(documentOf(plan), wanted, '', changes);
  return changes;
}

function compare(from: object, to: object, prefix: string, changes: Change[]): void {
  const [before, after] = [from as Record<string, unknown>, to as Record<string, unknown>];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [a, b] = [before[key], after[key]];
    if (isDeepStrictEqual(a, b)) continue;
    const field = `${prefix}${key}`;
    if (isObject(a) && isObject(b)) compare(a, b, `${field}.`, changes);
    else changes.push({ field, from: shown(field, a), to: shown(field, b) });
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(field: string, value: unknown): unknown {
  if (field !== 'suites' || !Array.isArray(value)) return value ?? null;
  const suites = value as PlanDocument['suites'];
  const cases = suites.reduce((sum, suite) => sum + suite.cases.length, 0);
  return `${plural(suites.length, 'suite')}, ${plural(cases, 'case')}`;
}
