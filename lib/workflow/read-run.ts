import { type Catalog, indexCatalog, placeDeclared } from '../core/catalog.ts';
import { ServiceError } from '../core/errors.ts';
import type { PickedCase } from '../core/executor.ts';
import { lanesOf } from '../core/machines.ts';
import { overrideCases, shownRun } from '../core/override.ts';
import type { Plan } from '../core/plan.ts';
import type { AttemptRecord, RunInput, RunItems, Services } from '../core/ports.ts';
import { firstStage, planStages, type Stages } from '../core/prerequisites.ts';
import { type CaseState, foldReport, type Report } from '../core/report.ts';
import { unpackResults } from '../core/result-chunks.ts';
import { type Counts, countResults } from '../core/results.ts';
import { isLive, type Run } from '../core/run.ts';

/** A live run with everything a decision about it needs. */
export interface LiveRun {
  readonly run: Run;
  readonly plan: Plan;
  readonly catalog: Catalog;
  readonly input: RunInput;
  /** With a request of the first attempt if the run goes in stages. */
  readonly items: RunItems;
  readonly report: Report;
}

/** A run as readers see it, live or completed, with what people made of it since. */
export interface RunView {
  /** Through `shownRun`. */
  readonly run: Run;
  readonly plan: Plan;
  readonly catalog: Catalog;
  readonly cases: readonly CaseState[];
  readonly counts: Counts;
}

/** Folded live runs and unpacked results kept in memory; both are pinned to a version, so they never go stale. */
const maxCached = 50;
/** Tries to learn names against others who learn at the same time. */
const learnRounds = 20;
const views = new WeakMap<Services, Map<string, Promise<RunView>>>();

/**
 * Reads and folds everything stored about a live run. Declared cases the catalog does not know yet have a provisional
 * position at its end; `learn` makes it permanent, which must come before anything that stores positions. Throws if the
 * plan version it pinned is gone, which cannot be.
 */
export async function readLiveRun(services: Services, run: Run, learn = false): Promise<LiveRun> {
  const { plan, input, items, catalog, expected, stages } = await readItems(services, run, learn);
  const report = foldReport({
    catalog,
    batches: items.batches,
    requests: items.requests,
    attempt: run.attempt,
    expected,
    only: input.picked !== null,
    machines: plan.machines.map(({ title }) => title),
    stages,
    selects: run.selects,
  });
  return { run, plan, catalog, input, items, report };
}

/** Every name has its position for good, as after reading with `learn`. */
export function isLearnt({ catalog }: Pick<LiveRun, 'catalog'>): boolean {
  return catalog.ids.at(-1) !== 0;
}

/** What is stored about a run beside its results, live or completed, with the request of the first of several stages. */
export async function readRunItems(services: Services, run: Run): Promise<Pick<LiveRun, 'plan' | 'catalog' | 'items'>> {
  return readItems(services, run, false);
}

/** The run for readers: folded while it lives, from its stored result once it is completed. Cached by version. */
export function readRunView(services: Services, run: Run): Promise<RunView> {
  const cache = views.get(services) ?? new Map<string, Promise<RunView>>();
  views.set(services, cache);
  const key = `${run.id}.${run.version}`;
  const known = cache.get(key);
  if (known) return known;
  const view = isLive(run) ? readLiveView(services, run) : readStoredView(services, run);
  cache.set(key, view);
  view.catch(() => cache.delete(key));
  if (cache.size > maxCached) cache.delete(cache.keys().next().value as string);
  return view;
}

/** The counts alone: a completed run has them in its item, so one read answers a status call. */
export async function readCounts(services: Services, run: Run): Promise<Counts> {
  return shownRun(run).counts ?? (await readRunView(services, run)).counts;
}

/** The attempts of the run that were dispatched, oldest first. */
export async function readAttempts(services: Services, run: Run): Promise<readonly AttemptRecord[]> {
  return (await services.runs.readItems(run)).attempts;
}

async function readLiveView(services: Services, run: Run): Promise<RunView> {
  const { plan, catalog, report } = await readLiveRun(services, run);
  return { run, plan, catalog, cases: report.cases, counts: report.counts };
}

async function readStoredView(services: Services, run: Run): Promise<RunView> {
  const [plan, catalog, chunks, overrides] = await Promise.all([
    pinnedPlan(services, run),
    services.plans.readCatalog(run.planId),
    services.runs.readResultChunks(run.id, run.resultAt ?? '', run.resultChunks ?? 0),
    services.runs.readOverrides(run),
  ]);
  const cases = overrideCases(unpackResults(chunks, catalog), overrides);
  const shown = shownRun(run);
  return { run: shown, plan, catalog, cases, counts: shown.counts ?? countResults(cases) };
}

/** The plan in the version the run pinned; cached. */
export async function pinnedPlan(services: Services, run: Run): Promise<Plan> {
  const plan = await services.plans.getPlanVersion(run.planId, run.planVersion);
  if (plan === undefined)
    throw new Error(`version ${run.planVersion} of plan ${run.planId} is gone, run ${run.id} needs it`);
  return plan;
}

async function readItems(services: Services, run: Run, learn: boolean) {
  const [plan, stored, input] = await Promise.all([
    pinnedPlan(services, run),
    services.runs.readItems(run),
    services.runs.getInput(run.id, run.hasInput),
  ]);
  // After the batches, so that it knows every position they hold.
  const { catalog, expected, stages } = await expectCases(
    services,
    plan,
    run.selects,
    input.picked,
    catalogNeeded(stored),
    learn,
  );
  // What comes first follows from plan and picked cases, so it is not stored.
  const first = stages && { attempt: 1, why: 'stage' as const, requested: firstStage(stages) };
  const items = first === null ? stored : { ...stored, requests: [first, ...stored.requests] };
  return { plan, input, items, catalog, expected, stages };
}

/** Entries the catalog must have for what is stored of a run: those its batches were placed by, and all that was requested. */
function catalogNeeded({ batches, requests }: RunItems): number {
  let size = 0;
  for (const batch of batches) size = Math.max(size, batch.catalogSize ?? Number.POSITIVE_INFINITY);
  for (const { requested } of requests) for (const position of requested ?? []) size = Math.max(size, position + 1);
  return size;
}

/** Positions of the cases that must report, in which stages, and the catalog with their names. */
async function expectCases(
  services: Services,
  plan: Plan,
  selects: Run['selects'],
  picked: readonly PickedCase[] | null,
  catalogSize: number,
  learn: boolean,
): Promise<{ catalog: Catalog; expected: number[]; stages: Stages | null }> {
  for (let round = 0; ; round++) {
    // One kept from an earlier read will do if it has every name and position: they never change. Of a case that is picked as a
    // whole, as those of a stage are, it may lack an iteration.
    const mayBeKept = round === 0 && picked === null;
    const catalog = await services.plans.readCatalog(plan.id, mayBeKept ? catalogSize : undefined);
    const index = indexCatalog(catalog);
    const expected = picked === null ? expectDeclared(plan, index) : expectPicked(plan, picked, index, catalog);
    const { added } = index;
    const placed = { ...catalog, entries: [...catalog.entries, ...added] };
    const byIteration = new Set(
      (picked ?? []).flatMap((one) =>
        one.iterations?.length ? lanesOf(plan.machines, one.machine).map((machine) => index.declare(one, machine)) : [],
      ),
    );
    const stages = planStages({ plan, selects, catalog: placed, expected, byIteration, place: index.declare });
    if (added.length === 0 && (!mayBeKept || stages === null)) return { catalog, expected, stages };
    if (mayBeKept) continue;
    if (learn && round < learnRounds) {
      await services.plans.appendCatalog(plan.id, catalog.entries.length, added);
      continue;
    }
    if (learn) throw new ServiceError('UNAVAILABLE', 'the names of the plan are changing too fast');
    const provisional = { entries: [...catalog.entries, ...added], ids: [...catalog.ids, ...added.map(() => 0)] };
    return { catalog: provisional, expected, stages };
  }
}

function expectDeclared(plan: Plan, index: ReturnType<typeof indexCatalog>): number[] {
  const { cases, iterations } = placeDeclared(plan, index);
  return cases.flatMap((position) => iterations.get(position) ?? [position]);
}

/** Of a case picked as a whole all iterations must report: those the plan declares, else those it has learnt. */
function expectPicked(
  plan: Plan,
  picked: readonly PickedCase[],
  index: ReturnType<typeof indexCatalog>,
  catalog: Catalog,
): number[] {
  const { iterations: declared } = placeDeclared(plan, index);
  const known = new Map<number, number[]>();
  for (const [position, entry] of catalog.entries.entries()) {
    if (entry.kind === 'iteration') known.set(entry.parent, [...(known.get(entry.parent) ?? []), position]);
  }
  return picked.flatMap((testCase) =>
    lanesOf(plan.machines, testCase.machine).flatMap((machine) => {
      const position = index.declare(testCase, machine);
      if (testCase.iterations?.length)
        return testCase.iterations.map((iteration) => index.declare({ ...testCase, iteration }, machine));
      return declared.get(position) ?? known.get(position) ?? [position];
    }),
  );
}
