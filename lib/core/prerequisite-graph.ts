/** A case as a plan names it before another one: by name in the same suite, or fully. */
export type PrerequisiteName =
  | string
  | { readonly suite: string; readonly name: string; readonly className?: string | undefined };

/** What prerequisites are about in a plan's suites. */
export interface SuiteWithPrerequisites {
  readonly name: string;
  /** Names of suites that must have passed. */
  readonly prerequisites?: readonly string[] | undefined;
  readonly cases: readonly {
    readonly name: string;
    readonly className: string;
    readonly prerequisites?: readonly PrerequisiteName[] | undefined;
  }[];
}

/** A declared case: the index of its suite in the plan, and its own in the suite. */
export type CasePlace = readonly [suite: number, testCase: number];

export interface PrerequisiteIssue {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Stages one after the other at most: each is a dispatch, and a run's small item remembers it. */
export const maxStages = 50;

export function hasPrerequisites(suites: readonly SuiteWithPrerequisites[]): boolean {
  return suites.some((suite) => hasAny(suite) || suite.cases.some(hasAny));
}

export function hasAny({ prerequisites = [] }: { readonly prerequisites?: readonly unknown[] | undefined }): boolean {
  return prerequisites.length > 0;
}

/** Finds the declared cases a prerequisite of a case of the suite `own` names: none if it is unknown, several without class. */
export function indexPrerequisites(
  suites: readonly SuiteWithPrerequisites[],
): (own: string, wanted: PrerequisiteName) => readonly CasePlace[] {
  const places = new Map<string, CasePlace[]>();
  suites.forEach(({ name: suite, cases }, s) => {
    cases.forEach(({ name }, c) => {
      const key = JSON.stringify([suite, name]);
      const known = places.get(key);
      if (known) known.push([s, c]);
      else places.set(key, [[s, c]]);
    });
  });
  return (own, wanted) => {
    const { suite, name, className } = typeof wanted === 'string' ? { suite: own, name: wanted } : wanted;
    const found = places.get(JSON.stringify([suite, name])) ?? [];
    if (className === undefined) return found;
    return found.filter(([s, c]) => suites[s]?.cases[c]?.className === className);
  };
}

/**
 * What is wrong with the prerequisites of a plan: unknown or ambiguous names, cases and suites that come before themselves,
 * chains too long. A plan without prerequisites has nothing wrong with them.
 */
export function checkPrerequisites(suites: readonly SuiteWithPrerequisites[]): PrerequisiteIssue[] {
  if (!hasPrerequisites(suites)) return [];
  const { nodes, issues } = toGraph(suites);
  return issues.length > 0 ? issues : checkOrder(nodes);
}

/**
 * A case, the passing of a suite, or the gate before one: one gate for all cases of a suite, so that there are not cases
 * times prerequisites. What it comes after, and where the plan says so; of a suite's own cases it does not.
 */
interface Node {
  readonly kind: 'suite' | 'gate' | 'case';
  readonly title: string;
  readonly path: Path;
  readonly after: { readonly node: number; readonly path?: Path }[];
}
type Path = (string | number)[];

function toGraph(suites: readonly SuiteWithPrerequisites[]): { nodes: Node[]; issues: PrerequisiteIssue[] } {
  const issues: PrerequisiteIssue[] = [];
  const find = indexPrerequisites(suites);
  const nodeOfSuite = new Map<string, number>();
  const nodes: Node[] = [];
  const add = (kind: Node['kind'], title: string, path: Path): number =>
    nodes.push({ kind, title, path, after: [] }) - 1;
  const precede = (node: number, after: number, path?: Path): void => {
    nodes[node]?.after.push(path === undefined ? { node: after } : { node: after, path });
  };
  const placed = suites.map(({ name, cases }, s) => {
    const passing = add('suite', name, ['suites', s]);
    const gate = add('gate', name, ['suites', s]);
    nodeOfSuite.set(name, passing);
    const testCases = cases.map((testCase, c) => {
      const node = add('case', `${name} › ${testCase.name}`, ['suites', s, 'cases', c]);
      precede(node, gate);
      precede(passing, node);
      return node;
    });
    if (testCases.length === 0) {
      const message = 'must not be empty in a plan with prerequisites: of such a plan only declared cases run';
      issues.push({ path: ['suites', s, 'cases'], message });
    }
    return { passing, gate, testCases };
  });
  for (const [s, suite] of suites.entries()) {
    const own = placed[s];
    if (own === undefined) continue;
    for (const [p, name] of (suite.prerequisites ?? []).entries()) {
      const path = ['suites', s, 'prerequisites', p];
      const before = nodeOfSuite.get(name);
      if (before === undefined) issues.push({ path, message: 'is no suite of this plan' });
      else if (before === own.passing) issues.push({ path, message: 'must be another suite' });
      else precede(own.gate, before, path);
    }
    for (const [c, testCase] of suite.cases.entries()) {
      const node = own.testCases[c] ?? -1;
      for (const [p, wanted] of (testCase.prerequisites ?? []).entries()) {
        const path = ['suites', s, 'cases', c, 'prerequisites', p];
        const named = typeof wanted === 'string' ? suite.name : wanted.suite;
        const [found, ...others] = find(suite.name, wanted);
        const before = found && placed[found[0]]?.testCases[found[1]];
        if (before === undefined) issues.push({ path, message: `is no declared case of suite ${named}` });
        else if (others.length > 0)
          issues.push({ path, message: `is the name of several cases of suite ${named}: give its className, too` });
        else if (before === node) issues.push({ path, message: 'must be another case' });
        else precede(node, before, path);
      }
    }
  }
  return { nodes, issues };
}

/** Takes away, again and again, what comes after nothing that is left. What stays goes round in a circle. */
function checkOrder(nodes: readonly Node[]): PrerequisiteIssue[] {
  const open = nodes.map(({ after }) => after.length);
  const before: number[][] = nodes.map(() => []);
  for (const [n, { after }] of nodes.entries()) for (const { node } of after) before[node]?.push(n);
  const own: number[] = nodes.map(({ kind }) => (kind === 'case' ? 1 : 0));
  const levels = [...own];
  const free = [...nodes.keys()].filter((n) => open[n] === 0);
  for (let n = free.pop(); n !== undefined; n = free.pop()) {
    for (const later of before[n] ?? []) {
      const level = (levels[n] ?? 0) + (own[later] ?? 0);
      levels[later] = Math.max(levels[later] ?? 0, level);
      open[later] = (open[later] ?? 0) - 1;
      if (open[later] === 0) free.push(later);
    }
  }
  const stuck = open.findIndex((count) => count > 0);
  if (stuck >= 0) return [circle(nodes, open, stuck)];
  const tooLate = nodes.find(({ kind }, n) => kind === 'case' && (levels[n] ?? 0) > maxStages);
  if (tooLate === undefined) return [];
  return [
    { path: tooLate.path, message: `comes after ${maxStages} cases or more in a chain; at most ${maxStages - 1}` },
  ];
}

function circle(nodes: readonly Node[], open: readonly number[], stuck: number): PrerequisiteIssue {
  const walked: Node['after'] = [];
  const seen = new Map<number, number>();
  let at = stuck;
  while (!seen.has(at)) {
    seen.set(at, walked.length);
    const next = nodes[at]?.after.find(({ node }) => (open[node] ?? 0) > 0);
    if (next === undefined) throw new Error('a node that waits for nothing is not taken away');
    walked.push(next);
    at = next.node;
  }
  const round = walked.slice(seen.get(at));
  const passed = round.flatMap(({ node }) => (nodes[node]?.kind === 'gate' ? [] : (nodes[node]?.title ?? [])));
  const names = [...passed, ...passed.slice(0, 1)];
  const shown = names.length > 8 ? [...names.slice(0, 4), '…', ...names.slice(-3)] : names;
  const path = round.find((step) => step.path !== undefined)?.path ?? ['suites'];
  return { path, message: `goes round in a circle: ${shown.join(' needs ')}` };
}
