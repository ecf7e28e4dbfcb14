import { type Catalog, idOf, nameOf } from '../../core/catalog.ts';
import { invalidField } from '../../core/errors.ts';
import type { OverrideMark } from '../../core/override.ts';
import type { Services } from '../../core/ports.ts';
import type { CaseState, EntryState } from '../../core/report.ts';
import { type CaseResult, caseResults } from '../../core/results.ts';
import { type Run, resultIdAt } from '../../core/run.ts';
import { type RunView, readRunView } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { readPaging, toCursor } from './paging.ts';
import { toTime } from './run-object.ts';

const most = 1000;

/**
 * `GET /v1/runs/{runId}/cases?result=&machine=&cursor=&limit=`: in the order of the plan's catalog. Several results with
 * commas; a machine by its title.
 */
export function createListCases(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after } = readPaging(request.query, 'case', most);
    const results = readResults(request.query);
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const view = await readRunView(services, run);
    const { cases, catalog } = view;
    const machine = readMachine(request.query, view);
    const matching = cases.filter(
      ({ position, result }) =>
        (after === undefined || position > after) &&
        (results === null || results.has(result)) &&
        (machine === null || nameOf(catalog, position).machine === machine),
    );
    const page = matching.slice(0, limit);
    const last = matching.length > limit ? page.at(-1) : undefined;
    return json(200, {
      cases: page.map((state) => toCaseObject(run, catalog, state)),
      nextCursor: last === undefined ? null : toCursor('case', last.position),
    });
  };
}

function toCaseObject(run: Run, catalog: Catalog, state: CaseState) {
  const { suite, className, name, machine } = nameOf(catalog, state.position);
  return {
    ...idsOf(run, catalog, state),
    suite,
    className,
    name,
    machine: machine ?? null,
    ...outcomeOf(state),
    iterations: state.iterations.map((iteration) => ({
      ...idsOf(run, catalog, iteration),
      name: catalog.entries[iteration.position]?.name ?? '',
      ...outcomeOf(iteration),
    })),
  };
}

/** `id` is the case's in its plan, the same in every run and on every machine; `resultId` belongs to this run alone. */
function idsOf(run: Run, catalog: Catalog, { position }: EntryState) {
  return { id: idOf(catalog, position), resultId: resultIdAt(run, position) };
}

function outcomeOf({ result, durationMs, attempt, flaky, message, details, overridden }: EntryState) {
  return {
    result,
    durationMs,
    attempt,
    flaky,
    message: message ?? null,
    details: details ?? null,
    overridden: overridden === undefined ? null : toMark(overridden),
  };
}

/** The result on record, and who says otherwise. */
function toMark({ original, comment, at, keyId, ownerId }: OverrideMark) {
  return { original, comment: comment ?? null, at: toTime(at), by: { keyId, ownerId } };
}

/** A title the plan has or had, so that a typo is not an empty answer. */
function readMachine(query: URLSearchParams, { plan, catalog }: RunView): string | null {
  const given = query.get('machine');
  const isIts = ({ title }: { title: string }) => title === given;
  const wasIts = (entry: Catalog['entries'][number]) => entry.kind === 'machine' && entry.name === given;
  if (given === null || plan.machines.some(isIts) || catalog.entries.some(wasIts)) return given;
  throw invalidField('machine', 'must be the title of a machine of the plan', given.slice(0, 100));
}

function readResults(query: URLSearchParams): ReadonlySet<CaseResult> | null {
  const given = query.get('result');
  if (given === null) return null;
  const words = given.slice(0, 200).split(',');
  const results = words.flatMap((word) => caseResults.find((result) => result === word) ?? []);
  if (results.length !== words.length)
    throw invalidField('result', `must be one or more of ${caseResults.join(', ')}`, given.slice(0, 100));
  return new Set(results);
}
