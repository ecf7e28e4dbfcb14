import { type Catalog, caseOf, nameOf } from '../core/catalog.ts';
import {
  type CurrentCase,
  foldChain,
  maxReruns,
  type PickedIterations,
  selectByType,
  selectPicked,
} from '../core/chain.ts';
import { ServiceError } from '../core/errors.ts';
import type { Services } from '../core/ports.ts';
import { positionOf, type RerunType, type Run } from '../core/run.ts';
import type { CaseOnMachine } from '../core/with-prerequisites.ts';
import { toPicked } from './dispatch-attempt.ts';
import { readChain, readLinks } from './read-chain.ts';
import { emptySelection, type NamedCase } from './select-cases.ts';
import { type Choice, type TriggerAnswer, type TriggerRequest, triggerRun } from './trigger-run.ts';

/** A case to run again, by an id of its results or by name, and which of its iterations. */
export interface RerunPick {
  readonly testCase: number | NamedCase;
  /** Ids of results, or names, where single iterations are meant. */
  readonly iterations: 'all' | 'failed' | 'passed' | readonly (number | string)[];
  /** Where the request says so, for refusals. */
  readonly field: string;
}

export interface RerunRequest extends Omit<TriggerRequest, 'planId' | 'choose'> {
  /** Any run of the chain. What the request leaves out is taken over from it. */
  readonly run: Run;
  readonly type: RerunType;
  /** With the type `picked`. */
  readonly picks: readonly RerunPick[];
}

/**
 * The rerun procedure (reliability.md 3.4): a new run that joins the end of the chain and runs what is selected of the
 * chain's current results; no earlier run changes. Beside those of a trigger it refuses with FOREIGN_RESULT,
 * EMPTY_SELECTION, RUN_ACTIVE, RERUN_LIMIT.
 */
export async function rerunRun(services: Services, request: RerunRequest): Promise<TriggerAnswer> {
  const { run, type, picks, ...trigger } = request;
  const input = await services.runs.getInput(run.id, run.hasInput);
  return triggerRun(services, {
    ...(run.buildNo === undefined ? {} : { buildNo: run.buildNo }),
    ...(run.commit === undefined ? {} : { commit: run.commit }),
    ...(run.environmentId === undefined ? {} : { environmentId: run.environmentId }),
    runtimeData: input.runtimeData,
    uploadVersions: input.uploadVersions,
    ...trigger,
    planId: run.planId,
    choose: () => choose(services, request),
  });
}

async function choose(services: Services, { run, type, picks }: RerunRequest): Promise<Choice> {
  const chain = await readChain(services, run);
  const links = await readLinks(services, chain);
  const catalog = links.at(-1)?.view.catalog ?? { entries: [], ids: [] };
  const positions = type === 'picked' ? resolvePicks(links, catalog, picks) : selectByType(links, type);
  const picked = positions === null ? await asOriginal(services, chain[0]) : toPicked(catalog, positions);
  if (picked?.length === 0) throw emptySelection('reRunType', 'no test case of the chain is selected');
  const tail = chain.at(-1) ?? run;
  if (tail.status !== 'completed') {
    throw new ServiceError('RUN_ACTIVE', `run ${tail.id} of the chain is still active; rerun it when it is completed`, {
      runId: tail.id,
    });
  }
  if (chain.length > maxReruns) {
    throw new ServiceError(
      'RERUN_LIMIT',
      `run ${chain[0].id} was rerun ${maxReruns} times already; trigger the plan instead`,
      { runId: tail.id },
    );
  }
  return {
    ...(picked === undefined ? {} : { picked, isMet: passedIn(links, catalog) }),
    rerun: { type, chain: chain.map(({ id }) => id) },
  };
}

/** What the original was to run; undefined is everything. */
async function asOriginal(services: Services, original: Run) {
  return (await services.runs.getInput(original.id, original.hasInput)).picked ?? undefined;
}

/** Whether a case has passed on its machine by its current result: as a prerequisite it need not run again there. */
function passedIn(links: Links, catalog: Catalog): (name: CaseOnMachine) => boolean {
  const keyOf = ({ suite, className, name, machine = '' }: CaseOnMachine): string =>
    [suite, className, name, machine].join('\u001f');
  const passed = foldChain(links).filter(({ result }) => result === 'passed');
  const keys = new Set(passed.map(({ position }) => keyOf(nameOf(catalog, position))));
  return (name) => keys.has(keyOf(name));
}

type Links = Awaited<ReturnType<typeof readLinks>>;

function resolvePicks(links: Links, catalog: Catalog, picks: readonly RerunPick[]): number[] {
  const current = new Map(foldChain(links).map((testCase) => [testCase.position, testCase]));
  const byName = namesOf(catalog, current);
  const chosen = new Set<number>();
  for (const { testCase, iterations, field } of picks) {
    const positions = typeof testCase === 'number' ? [ofResult(links, testCase)] : byName(testCase);
    const found = positions.flatMap((position) => current.get(position ?? -1) ?? []);
    if (found.length === 0) throw foreign(links, field, typeof testCase === 'number' ? testCase : testCase.name);
    for (const one of found) {
      for (const each of selectPicked(one, toPositions(links, catalog, one, iterations, field))) chosen.add(each);
    }
  }
  // A case that was picked as a whole needs no iterations beside it.
  return [...chosen].filter(
    (position) => caseOf(catalog, position) === position || !chosen.has(caseOf(catalog, position)),
  );
}

function toPositions(
  links: Links,
  catalog: Catalog,
  testCase: CurrentCase,
  given: RerunPick['iterations'],
  field: string,
): PickedIterations {
  if (typeof given === 'string') return given;
  const positions = given.map((wanted) => {
    const found =
      typeof wanted === 'number'
        ? testCase.iterations.find(({ position }) => position === ofResult(links, wanted))
        : testCase.iterations.find(({ position }) => catalog.entries[position]?.name === wanted);
    if (found === undefined) throw foreign(links, field, wanted);
    return found.position;
  });
  return new Set(positions);
}

/** The case or iteration one of the runs has this result of. */
function ofResult(links: Links, resultId: number): number | undefined {
  for (const { run, cases } of links) {
    const position = positionOf(run, resultId);
    if (position === undefined) continue;
    const isIts = cases.some(
      (testCase) =>
        testCase.position === position || testCase.iterations.some((iteration) => iteration.position === position),
    );
    if (isIts) return position;
  }
  return undefined;
}

/** The case of the name on the machine it names, or on each that has it; none if the name fits two cases. */
function namesOf(catalog: Catalog, current: ReadonlyMap<number, CurrentCase>) {
  const keyOf = ({ suite, name }: NamedCase): string => `${suite}\u001f${name}`;
  const positions = new Map<string, number[]>();
  for (const position of current.keys()) {
    const key = keyOf(nameOf(catalog, position));
    positions.set(key, [...(positions.get(key) ?? []), position]);
  }
  return (named: NamedCase): readonly number[] => {
    const fitting = (positions.get(keyOf(named)) ?? []).filter((at) => {
      const { className, machine } = nameOf(catalog, at);
      return className === (named.className ?? className) && machine === (named.machine ?? machine);
    });
    return new Set(fitting.map((at) => nameOf(catalog, at).className)).size === 1 ? fitting : [];
  };
}

function foreign(links: Links, field: string, given: string | number): ServiceError {
  const message = `is no test case result of run ${links[0]?.run.id} or its reruns`;
  const rejectedValue = typeof given === 'string' ? given.slice(0, 100) : given;
  return new ServiceError('FOREIGN_RESULT', `${field}: ${JSON.stringify(rejectedValue)} ${message}`, {
    fields: [{ field, message, rejectedValue }],
  });
}
