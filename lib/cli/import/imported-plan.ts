import { isServiceError } from '../../core/errors.ts';
import { parsePlan } from '../../core/plan.ts';

/** A plan of a tenant as a plan file of ours. */
export interface ImportedPlan {
  /** The tenant's id of it. */
  readonly tenantPlanId: number;
  /** As a person would write it: without defaults. */
  readonly document: Readonly<Record<string, unknown>> & { readonly name: string };
  /** What stands in the file above it, a line each. */
  readonly comments: readonly string[];
  /** What stands above each of its schedules. */
  readonly scheduleComments: readonly string[];
  /** What could not be brought over. */
  readonly notes: readonly string[];
}

/** A plan that no file was made for, and why. */
export interface LeftOut {
  readonly tenantPlanId: number;
  readonly name: string;
  readonly why: string;
}

export interface Imported {
  readonly plans: readonly ImportedPlan[];
  readonly leftOut: readonly LeftOut[];
}

export interface NamedCase {
  readonly suite: string;
  readonly name: string;
  readonly className?: string;
  readonly iterations?: readonly string[];
}

/** Cases in their suites, in the order they came; one that came twice is one, with the iterations of both. */
export function toSuites(cases: readonly NamedCase[]) {
  const suites = new Map<string, Map<string, NamedCase & { iterations: Set<string> }>>();
  for (const one of cases) {
    const suite = suites.get(one.suite) ?? new Map();
    suites.set(one.suite, suite);
    const key = JSON.stringify([one.className ?? '', one.name]);
    const known = suite.get(key) ?? { ...one, iterations: new Set<string>() };
    for (const iteration of one.iterations ?? []) known.iterations.add(iteration);
    suite.set(key, known);
  }
  return [...suites].map(([name, inside]) => ({
    name,
    cases: [...inside.values()].map(({ name, className, iterations }) => ({
      name,
      ...(className ? { className } : {}),
      ...(iterations.size === 0 ? {} : { iterations: [...iterations] }),
    })),
  }));
}

/** Plan names hold no `<`, `>` and control characters, and have 255 characters at most. */
export function toPlanName(text: string, tenantPlanId: number): string {
  const name = text
    .replace(/[<>\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 255);
  return name === '' ? `plan ${tenantPlanId}` : name;
}

/** With plans that can be applied together; what cannot is left out with the reason. */
export function settlePlans({ plans, leftOut }: Imported): Imported {
  const refused: LeftOut[] = [];
  const kept = nameApart(plans).filter(({ document, tenantPlanId }) => {
    try {
      return parsePlan(document);
    } catch (error) {
      if (!isServiceError(error)) throw error;
      refused.push({ tenantPlanId, name: document.name, why: error.message });
      return false;
    }
  });
  return { plans: kept, leftOut: [...leftOut, ...refused] };
}

/** Names of one project differ: what comes later is told apart by the tenant's id, and a number if that is not enough. */
function nameApart(plans: readonly ImportedPlan[]): ImportedPlan[] {
  const taken = new Set<string>();
  return plans.map((plan) => {
    const { document, tenantPlanId } = plan;
    const take = (name: string) => taken.size !== taken.add(JSON.stringify([document.project, name])).size;
    let { name } = document;
    for (let count = 1; !take(name); count++) {
      const end = count === 1 ? ` (${tenantPlanId})` : ` (${tenantPlanId}, ${count})`;
      name = `${document.name.slice(0, 255 - end.length)}${end}`;
    }
    return { ...plan, document: { ...document, name } };
  });
}

/**
 * The plan with its cases if they are such that a plan may hold them, else without and a note: names of a tenant may be longer
 * than ours, or more.
 */
export function withCases(
  plan: ImportedPlan,
  cases: { readonly suites: ReturnType<typeof toSuites>; readonly machines?: readonly string[] },
): ImportedPlan {
  const document = { ...plan.document, ...cases };
  try {
    parsePlan(document);
    return { ...plan, document };
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return { ...plan, notes: [...plan.notes, `its cases: ${error.message}`] };
  }
}
