import type { CatalogIndex } from './catalog.ts';
import type { PickedCase } from './executor.ts';
import type { Machine } from './plan.ts';
import type { ReportedCase } from './results.ts';

/**
 * The machines of the plan a case runs on: the one that is asked for, else all of them. A plan without machines has one
 * nameless lane.
 */
export function lanesOf(machines: readonly Machine[], asked?: string): readonly (string | undefined)[] {
  if (machines.length === 0) return [undefined];
  const titles = machines.map(({ title }) => title);
  return asked !== undefined && titles.includes(asked) ? [asked] : titles;
}

/**
 * Catalog position of a reported result. With one machine in the plan every result is on it. With several, one that names
 * none of them is not guessed: it counts on the case without a machine, and the declared ones still have to report.
 */
export function placeReported(index: CatalogIndex, machines: readonly Machine[], reported: ReportedCase): number {
  const lanes = lanesOf(machines, reported.machine);
  const [machine] = lanes;
  if (lanes.length > 1 || machine === undefined) return index.place(reported);
  return index.place({ ...reported, suite: withoutProject(reported.suite, machine) }, machine);
}

/**
 * Which machines of the plan an attempt needs, and what is picked on them. A pick names its machine only if the plan has
 * another one it could be meant for.
 */
export function pickMachines(
  machines: readonly Machine[],
  picked: readonly PickedCase[] | null,
): { readonly machines: readonly Machine[]; readonly selection: readonly PickedCase[] | null } {
  if (picked === null) return { machines, selection: null };
  const needed = new Set<string | undefined>();
  const selection = picked.map(({ machine, ...testCase }) => {
    const lanes = lanesOf(machines, machine);
    for (const lane of lanes) needed.add(lane);
    return machine !== undefined && machines.length > 1 && lanes.length === 1 ? { ...testCase, machine } : testCase;
  });
  return { machines: machines.filter(({ title }) => needed.has(title)), selection };
}

/** Playwright's report has its project for a machine, and readers put it before the suite, for plans without machines. */
function withoutProject(suite: string, machine: string): string {
  const project = `[${machine}]`;
  if (suite === project) return '';
  return suite.startsWith(`${project} › `) ? suite.slice(project.length + 3) : suite;
}
