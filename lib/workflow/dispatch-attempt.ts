import { dispatchBackoff, dispatchTries } from '../core/cadence.ts';
import { createCallbackToken } from '../core/callback-token.ts';
import { type Catalog, caseOf, indexCatalog, nameOf } from '../core/catalog.ts';
import { isOnProbation } from '../core/circuit.ts';
import { callTimeoutMs } from '../core/decide.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import type { Dispatch, PickedCase, Started } from '../core/executor.ts';
import { lanesOf, pickMachines } from '../core/machines.ts';
import type { Plan } from '../core/plan.ts';
import type { Services } from '../core/ports.ts';
import { redact, redactStarted, secretsOf } from '../core/redact.ts';
import type { Run } from '../core/run.ts';
import { steersCommand } from '../core/steering-variables.ts';
import { declaredPrerequisites } from '../core/with-prerequisites.ts';
import { type Pass, passCircuit, recordAccepted, recordHold, recordUnreached } from './executor-circuit.ts';
import { publishOutbox } from './publish-outbox.ts';
import { readEnvironment, readMachines } from './read-environment.ts';
import { isLearnt, type LiveRun, pinnedPlan, readLiveRun } from './read-run.ts';
import { endAttempt } from './record-results.ts';

/** How long a callback token outlives the run's deadline, in milliseconds (reliability.md 5.5). */
const tokenSlackMs = 3_600_000;
/** Of why a try failed, the run's own item keeps so much: it must stay small. */
const maxProblemText = 200;

/**
 * Hands the current attempt to its executor. The claim comes before the call, so a stop or a second dispatcher sees it
 * (F34); the call repeats the same key, so a crash in between finds the same job. A refusal ends the attempt, trouble that
 * passes puts it back. While its executor is known to fail the dispatch waits instead. `known` is what was just read of that very
 * run: the claim holds for its attempt only, so what comes before an attempt is still as it was. Answers the run if the executor
 * accepted it.
 */
export async function dispatchAttempt(services: Services, current: Run, known?: LiveRun): Promise<Run | undefined> {
  const pass = await passCircuit(services, current, await pinnedPlan(services, current));
  if (pass === 'held') return undefined;
  const now = services.now();
  const run = await services.runs.claimDispatch(current, now, now - callTimeoutMs + 1);
  if (run === undefined) return undefined;
  const live = known && isLearnt(known) ? { ...known, run } : await readLiveRun(services, run, true);
  const { dispatch, refusal } = await prepareDispatch(services, live, run.triedSince);
  // Without its variables a run might test, or change, something else than it should.
  if (refusal !== undefined) {
    await dispatchFailed(services, run, dispatch, 'notCalled', refusal);
    return undefined;
  }
  const executor = services.executors(live.plan.executor.type);
  let started: Started;
  try {
    started = redactStarted(await executor.start(dispatch), secretsOf(dispatch));
  } catch (error) {
    await dispatchFailed(services, run, dispatch, pass, error);
    return undefined;
  }
  const at = services.now();
  const deadlineAt = run.startedAt === undefined ? at + run.deadlines.runSeconds * 1000 : run.deadlineAt;
  const accepted = await services.runs.acceptDispatch(
    run,
    {
      attempt: run.attempt,
      startedAt: at,
      ref: started.ref,
      executing: started.executing.description,
      ...(started.link === undefined ? {} : { link: started.link }),
    },
    {
      at,
      deadlineAt,
      nextActionAt: Math.min(deadlineAt, at + run.deadlines.inactivitySeconds * 1000),
      ...(pass?.circuit && isOnProbation(pass.circuit) ? { onProbation: true } : {}),
    },
  );
  await recordAccepted(services, pass);
  services.log({ level: 'info', event: 'attempt dispatched', runId: run.id, attempt: run.attempt });
  if (accepted !== undefined) {
    await publishOutbox(services, accepted);
    return accepted;
  }
  // Stopped, completed or overtaken while the call was open: the job just started must not go on alone.
  const after = await services.runs.getRun(run.id);
  const isUnwanted =
    after?.status === 'stopping' || after?.status === 'completed' || (after && after.attempt !== run.attempt);
  if (isUnwanted) await executor.stop(started.ref, dispatch);
  return undefined;
}

/**
 * Everything an executor gets to poll or stop the current attempt, or an earlier one. Of the variables read by reference, those that can
 * be read: an executor on this machine looks for them in what the tests printed, to blank them.
 */
export async function toDispatch(services: Services, live: LiveRun, attempt = live.run.attempt): Promise<Dispatch> {
  return (await prepareDispatch(services, { ...live, run: { ...live.run, attempt } })).dispatch;
}

/** Everything an executor gets, and what forbids to start it. Secrets are read here and live no longer than the call. */
async function prepareDispatch(
  services: Services,
  { run, plan, catalog, input, items }: LiveRun,
  triedAt?: number,
): Promise<{ dispatch: Dispatch; refusal: ServiceError | undefined }> {
  const requested = items.requests.find(({ attempt }) => attempt === run.attempt)?.requested;
  const asked = requested ? toPicked(catalog, requested) : input.picked && withIterations(plan, catalog, input.picked);
  const picked = pickMachines(plan.machines, asked);
  const { selection } = picked;
  const [{ environment, variables, secrets, secretVariables, refusal }, machines] = await Promise.all([
    readEnvironment(services, run.environmentId ?? plan.environment, input.runtimeData),
    readMachines(services, picked.machines),
  ]);
  // Of one attempt always the same: an executor that sends it along repeats its first request to the letter.
  const runEndsBy = run.startedAt === undefined ? run.deadlineAt + run.deadlines.runSeconds * 1000 : run.deadlineAt;
  const token = createCallbackToken({
    masterKeys: await services.masterKeys(),
    runId: run.id,
    attempt: run.attempt,
    expiresAt: runEndsBy + tokenSlackMs,
  });
  const dispatch: Dispatch = {
    runId: run.id,
    attempt: run.attempt,
    key: `run-${run.id}-a${run.attempt}`,
    earlier: items.attempts
      .filter(({ attempt }) => attempt < run.attempt)
      .map(({ attempt, ref }) => ({ attempt, ref }))
      .sort((a, b) => a.attempt - b.attempt),
    createdAt: run.createdAt,
    planId: plan.id,
    planName: plan.name,
    settings: plan.executor,
    selection,
    prerequisites: declaredPrerequisites(plan, selection),
    machines: machines.named,
    variables: { ...plan.variables, ...variables, ...input.runtimeData },
    secrets: [...secrets, ...Object.values(input.runtimeData)],
    secretVariables,
    uploadVersions: input.uploadVersions,
    environment,
    buildNo: run.buildNo ?? null,
    executionSettings: plan.settings,
    callback: { url: `${services.publicUrl}/callbacks/${run.id}/${run.attempt}`, token },
    deadlineAt: run.startedAt === undefined ? services.now() + run.deadlines.runSeconds * 1000 : run.deadlineAt,
    ...(triedAt === undefined ? {} : { triedAt }),
  };
  return { dispatch, refusal: refusal ?? machines.refusal ?? refuseSteering(plan, Object.keys(variables)) };
}

/** Environments may be written by who may not say what a command runs. */
function refuseSteering({ executor }: Plan, names: readonly string[]): ServiceError | undefined {
  const name = steersCommand(executor.type, names);
  if (name === undefined) return undefined;
  return new ServiceError(
    'EXECUTOR_REFUSED',
    `its environment sets ${name}, which steers the command; set it in the plan`,
  );
}

/** The cases at the positions, iterations gathered under their case, which names its machine if it is on one. */
export function toPicked(catalog: Catalog, positions: readonly number[]): PickedCase[] {
  const iterations = new Map<number, string[]>();
  for (const position of positions) {
    const testCase = caseOf(catalog, position);
    const names = iterations.get(testCase) ?? [];
    const entry = catalog.entries[position];
    if (entry?.kind === 'iteration') names.push(entry.name);
    iterations.set(testCase, names);
  }
  const dataDriven = dataDrivenOf(catalog);
  return [...iterations].map(([position, names]) => ({
    ...nameOf(catalog, position),
    ...(dataDriven.has(position) ? { iterations: names } : {}),
  }));
}

/** The cases, those that are data-driven told from others: whoever picks a whole case need not know. */
function withIterations({ machines }: Plan, catalog: Catalog, picked: readonly PickedCase[]): PickedCase[] {
  const index = indexCatalog(catalog);
  const dataDriven = dataDrivenOf(catalog);
  const isDataDriven = (one: PickedCase): boolean =>
    lanesOf(machines, one.machine).some((machine) => dataDriven.has(index.declare(one, machine)));
  return picked.map((one) => (one.iterations === undefined && isDataDriven(one) ? { ...one, iterations: [] } : one));
}

/** Positions of the cases with iterations. */
function dataDrivenOf(catalog: Catalog): ReadonlySet<number> {
  return new Set(catalog.entries.flatMap((entry) => (entry.kind === 'iteration' ? [entry.parent] : [])));
}

/**
 * A refusal is final and ends the attempt; so does trouble that has not passed after the last try. What failed before the
 * executor was called started nothing, and says nothing about it.
 */
async function dispatchFailed(
  services: Services,
  run: Run,
  dispatch: Dispatch,
  pass: Pass | 'notCalled' | undefined,
  error: unknown,
): Promise<void> {
  const refused = isServiceError(error) && error.code !== 'EXECUTOR_UNAVAILABLE';
  const failedTries = run.dispatchTries + 1;
  services.log({ level: 'warn', event: 'dispatch failed', runId: run.id, attempt: run.attempt, error });
  const said = error instanceof ServiceError ? error.message : 'the executor could not be called';
  const why = redact(said, secretsOf(dispatch));
  if (refused) {
    const message = `The run could not be dispatched: ${why}`;
    await endAttempt(services, run, 'dispatch', { problem: { reason: 'executorRefused', message, ...untold(run) } });
    return;
  }
  const isLast = failedTries >= dispatchTries;
  const retryAfter = isServiceError(error) ? error.retryAfterSeconds : undefined;
  const seconds = dispatchBackoff(failedTries, retryAfter);
  const called = pass === 'notCalled' ? undefined : pass;
  if (retryAfter === undefined) await recordUnreached(services, called, isLast);
  else await recordHold(services, called, seconds);
  const isHarmless = pass === 'notCalled' || (isServiceError(error) && error.nothingStarted);
  if (!isLast) {
    const after = services.now() + seconds * 1000;
    const failed = isHarmless ? 'nothingStarted' : true;
    await services.runs.releaseDispatch(run, after, failed, why.slice(0, maxProblemText));
    return;
  }
  const message = `No executor accepted the run in ${failedTries} tries: ${why}`;
  const started = isHarmless ? untold(run) : {};
  await endAttempt(services, run, 'dispatch', { problem: { reason: 'dispatchFailed', message, ...started } });
}

/** The last try started nothing: neither did the attempt, if the answer of none before is missing. */
function untold({ triedSince }: Run): { readonly nothingStarted?: true } {
  return triedSince === undefined ? { nothingStarted: true } : {};
}
