import { type Catalog, idOf, nameOf } from '../../core/catalog.ts';
import { invalidField } from '../../core/errors.ts';
import { failingCases, flakyCases, foldHistory, slowCases } from '../../core/history.ts';
import type { Services } from '../../core/ports.ts';
import { parseId } from '../../core/schema.ts';
import { historyBytes, readHistory } from '../../workflow/read-history.ts';
import { maySee } from '../entry.ts';
import { findPlan, missing, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, Principal } from '../message.ts';
import {
  toCaseHistory,
  toFailingCase,
  toFlakyCase,
  toHistoryRun,
  toLane,
  toSlowCase,
  toWindow,
} from './history-object.ts';

const usualRuns = 30;
const mostRuns = 100;
/** Cases of a list at most; of those that fail, their number is said beside it. */
const mostFailing = 100;
const mostRanked = 20;

/** `GET /v1/plans/{planId}/history?runs=`: the newest completed runs of a plan, and what its cases did in them. */
export function createGetHistory(services: Services, budget = historyBytes): Handler {
  return async (request, principal) => {
    const { plan, history } = await read(services, budget, request, principal);
    const cases = foldHistory(history.outcomes);
    const failing = failingCases(cases);
    return json(200, {
      plan: { id: plan.id, name: plan.name },
      window: toWindow(history),
      runs: history.runs.map(toHistoryRun),
      cases: {
        failingTotal: failing.length,
        failing: failing.slice(0, mostFailing).map((one) => toFailingCase(history, one)),
        flakiest: flakyCases(cases)
          .slice(0, mostRanked)
          .map((one) => toFlakyCase(history, one)),
        slowest: slowCases(cases)
          .slice(0, mostRanked)
          .map((one) => toSlowCase(history, one)),
      },
    });
  };
}

/** `GET /v1/plans/{planId}/cases/{caseId}/history?runs=`: what one case did, on each of its machines. */
export function createGetCaseHistory(services: Services, budget = historyBytes): Handler {
  return async (request, principal) => {
    const caseId = readParam(request, 'caseId');
    const { history } = await read(services, budget, request, principal);
    const positions = positionsOf(history.catalog, caseId);
    const [position] = positions;
    if (position === undefined) throw missing('case', caseId);
    const { suite, className, name } = nameOf(history.catalog, position);
    const its = new Set(positions);
    const lanes = foldHistory(
      history.outcomes.map((run) => ({
        ...run,
        // Its history is asked for, so it is told even if the plan no longer has the case.
        isWhole: false,
        outcomes: run.outcomes.filter((outcome) => its.has(outcome.position)),
      })),
    );
    return json(200, {
      case: { id: caseId, suite, className, name },
      window: toWindow(history),
      ...toCaseHistory(history, lanes),
      lanes: lanes.map((lane) => toLane(history, lane)),
    });
  };
}

async function read(services: Services, budget: number, request: HttpRequest, principal: Principal) {
  const planId = readParam(request, 'planId');
  const most = readRuns(request.query);
  const plan = await findPlan(services, principal, planId);
  const history = await readHistory(services, planId, { most, budget, maySee: (run) => maySee(principal, run) });
  return { plan, history };
}

function readRuns(query: URLSearchParams): number {
  const given = query.get('runs');
  const runs = given === null ? usualRuns : parseId(given);
  if (runs !== undefined && runs <= mostRuns) return runs;
  throw invalidField('runs', `must be 1 to ${mostRuns}`, given?.slice(0, 100) ?? null);
}

/** The case, and where it has been on machines. */
function positionsOf(catalog: Catalog, caseId: number): number[] {
  const positions: number[] = [];
  for (const [position, { kind }] of catalog.entries.entries()) {
    if ((kind === 'case' || kind === 'lane') && idOf(catalog, position) === caseId) positions.push(position);
  }
  return positions;
}
