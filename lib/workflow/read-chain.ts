import { type ChainLink, type Consolidated, consolidate } from '../core/chain.ts';
import type { Services } from '../core/ports.ts';
import { isVisible, type Run } from '../core/run.ts';
import { type RunView, readRunView } from './read-run.ts';

/** What was consolidated from these very views, by the newest of them. */
const known = new WeakMap<RunView, { readonly views: readonly RunView[]; readonly consolidated: Consolidated }>();

/**
 * The chain of reruns the run belongs to, oldest first; the run alone if it has none. Only a completed run can have a rerun,
 * so a live run's chain ends with it and costs no read.
 */
export async function readChain(services: Services, run: Run): Promise<readonly [Run, ...Run[]]> {
  const [before, after] = await Promise.all([
    run.chain === undefined ? [] : services.runs.getRuns(run.chain),
    readReruns(services, run),
  ]);
  const [oldest, ...others] = [...before, run, ...after];
  return [oldest ?? run, ...others];
}

/** The later runs of the run's chain, oldest first. */
export async function readReruns(services: Services, run: Run): Promise<Run[]> {
  const later: Run[] = [];
  let last = run;
  while (last.status === 'completed') {
    const childId = await services.runs.getRerun(last.id);
    const child = childId === undefined ? undefined : await services.runs.getRun(childId);
    // A child that was refused, or is not admitted yet, is nobody's to see; another may take its place.
    if (child === undefined || !isVisible(child)) break;
    later.push(child);
    last = child;
  }
  return later;
}

/** The runs with their cases. */
export async function readLinks(
  services: Services,
  chain: readonly Run[],
): Promise<readonly (ChainLink & { readonly run: Run; readonly view: RunView })[]> {
  const views = await Promise.all(chain.map((run) => readRunView(services, run)));
  return views.map((view) => ({ run: view.run, cases: view.cases, view, whole: isWhole(view) }));
}

/** It ran everything to its end, or had to run cases that are known by name: picked for it, or declared by its plan. */
function isWhole({ run, plan }: RunView): boolean {
  const endedItself = run.result === 'passed' || run.result === 'failed';
  if (run.rerunOf === undefined && run.requestedCases !== undefined) return true;
  return run.requestedCases === undefined && (endedItself || plan.suites.some(({ cases }) => cases.length > 0));
}

/** What all runs of a chain say together. */
async function readConsolidated(services: Services, chain: readonly Run[]): Promise<Consolidated> {
  const links = await readLinks(services, chain);
  const newest = links.at(-1)?.view;
  const earlier = newest && known.get(newest);
  if (earlier?.views.length === links.length && links.every(({ view }, i) => view === earlier.views[i])) {
    return earlier.consolidated;
  }
  const consolidated = consolidate(links);
  if (newest) known.set(newest, { views: links.map(({ view }) => view), consolidated });
  return consolidated;
}

/** Where the run stands in its chain. `consolidated` is undefined for a run that is the only one of it. */
export async function readPlaceInChain(
  services: Services,
  run: Run,
): Promise<{ readonly consolidated: Consolidated | undefined; readonly rerunIds: readonly number[] }> {
  const chain = await readChain(services, run);
  const rerunIds = chain.map(({ id }) => id).slice(chain.findIndex(({ id }) => id === run.id) + 1);
  return { consolidated: chain.length > 1 ? await readConsolidated(services, chain) : undefined, rerunIds };
}
