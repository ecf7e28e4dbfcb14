import { ServiceError } from '../core/errors.ts';
import {
  countOverridden,
  endingOf,
  type OverriddenCase,
  type OverrideResult,
  overrideCases,
} from '../core/override.ts';
import type { Services } from '../core/ports.ts';
import type { CaseState } from '../core/report.ts';
import { countResults } from '../core/results.ts';
import { isLive, positionOf, type Run } from '../core/run.ts';
import { readRunView } from './read-run.ts';

/** Tries against others who override the same run at the same moment. */
const rounds = 10;

export interface OverrideRequest {
  /** By the id of the case's result in this run; the last one of a case counts. */
  readonly cases: readonly { readonly resultId: number; readonly result: OverrideResult; readonly comment?: string }[];
  readonly keyId: string;
  readonly ownerId: number;
  /** Apply the others when some ids are foreign; nothing is changed otherwise. */
  readonly partial: boolean;
}

export interface OverrideAnswer {
  readonly run: Run;
  /** Ids that are of no case of this run, as they were given. */
  readonly foreign: readonly number[];
}

/**
 * Shows cases of a completed run with what a person says of them. The run's own result stays on record, and its completion
 * event is not sent again (invariant I1). Saying the same again changes nothing, so a request may be repeated. RUN_ACTIVE
 * while the run lives.
 */
export async function overrideRun(
  services: Services,
  runId: number,
  { cases, keyId, ownerId, partial }: OverrideRequest,
): Promise<OverrideAnswer> {
  for (let round = 0; round < rounds; round++) {
    const run = await services.runs.getRun(runId);
    if (run === undefined) throw new ServiceError('NOT_FOUND', `there is no run ${runId}`);
    const view = await readRunView(services, run);
    const states = new Map(view.cases.map((state) => [state.position, state]));
    const wanted = new Map<number, OverriddenCase>();
    const foreign: number[] = [];
    for (const { resultId, ...given } of cases) {
      const position = positionOf(run, resultId);
      if (position !== undefined && states.has(position)) wanted.set(position, { position, ...given });
      else foreign.push(resultId);
    }
    if (wanted.size === 0 || (foreign.length > 0 && !partial)) return { run, foreign };
    if (isLive(run)) throw active(runId);
    const news = [...wanted.values()].filter((one) => !saysAlready(states.get(one.position), one));
    if (news.length === 0) return { run, foreign };
    const by = { at: services.now(), keyId, ownerId };
    const override = { ...by, cases: news };
    const shown = overrideCases(view.cases, [override]);
    const ending = endingOf(run, shown);
    const changed = await services.runs.override(run, override, {
      ...by,
      cases: countOverridden(shown),
      counts: countResults(shown),
      ...(ending === undefined ? {} : { ending }),
    });
    if (changed === undefined) continue;
    services.log({ level: 'info', event: 'results overridden', runId, planId: run.planId, keyId });
    return { run: changed, foreign };
  }
  throw new ServiceError('UNAVAILABLE', `run ${runId} is changing too fast to be overridden now`, {
    retryAfterSeconds: 1,
  });
}

function active(runId: number): ServiceError {
  const hint = 'override its results when it is completed';
  return new ServiceError('RUN_ACTIVE', `run ${runId} is still active; ${hint}`, { runId });
}

function saysAlready(state: CaseState | undefined, { result, comment }: OverriddenCase): boolean {
  return state?.overridden !== undefined && state.result === result && state.overridden.comment === comment;
}
