import type { Catalog } from '../core/catalog.ts';
import type { RunOutcomes } from '../core/history.ts';
import type { Run } from '../core/run.ts';
import { maxId } from '../core/schema.ts';
import { countWithin, type HistoryStores, readOutcomes } from './read-outcomes.ts';

/** The newest completed runs of a plan. */
export interface CompletedRuns {
  /** Newest first, as they are stored. */
  readonly runs: readonly Run[];
  /** The plan has no older completed run than these. */
  readonly complete: boolean;
}

/** The same with what their cases did. */
export interface PlanHistory extends CompletedRuns {
  readonly catalog: Catalog;
  /** Of the newest of the runs, as many as the budget allows. */
  readonly outcomes: readonly RunOutcomes[];
}

/** Bytes of results read for one answer, however many runs it is asked about: about a second of a function. */
export const historyBytes = 8 * 1024 * 1024;
/** Pages of ids looked at to find completed runs among those that wait or go on. */
const maxPages = 4;

/**
 * At most `most` completed runs of the plan that the caller may see: one query and one batch of reads as a rule, four of each
 * at most, however many runs the plan ever had.
 */
export async function readCompletedRuns(
  services: HistoryStores,
  planId: number,
  most: number,
  maySee: (run: Run) => boolean = () => true,
): Promise<CompletedRuns> {
  const found: Run[] = [];
  let before = maxId;
  let complete = false;
  for (let page = 0; page < maxPages && found.length <= most && !complete; page++) {
    const size = page === 0 ? Math.min(100, most + Math.ceil(most / 2) + 2) : 100;
    const ids = await services.runs.listByPlan(planId, before, size);
    const runs = await services.runs.getRuns(ids);
    found.push(...runs.filter((run) => run.status === 'completed' && maySee(run)));
    before = ids.at(-1) ?? before;
    complete = ids.length < size;
  }
  return { runs: found.slice(0, most), complete: complete && found.length <= most };
}

/** The history of a plan from its newest `most` completed runs, and what the cases did in as many of them as the budget allows. */
export async function readHistory(
  services: HistoryStores,
  planId: number,
  { most, maySee, budget = historyBytes }: { most: number; maySee?: (run: Run) => boolean; budget?: number },
): Promise<PlanHistory> {
  const { runs, complete } = await readCompletedRuns(services, planId, most, maySee);
  // After the runs, so that it knows every position they hold.
  const catalog = await services.plans.readCatalog(planId);
  const outcomes = await readOutcomes(services, runs.slice(0, countWithin(runs, budget)), catalog);
  return { runs, complete, catalog, outcomes };
}
