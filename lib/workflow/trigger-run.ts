import { createHash } from 'node:crypto';
import { invalidField, ServiceError } from '../core/errors.ts';
import type { PickedCase } from '../core/executor.ts';
import type { Commit } from '../core/github.ts';
import type { Overlap } from '../core/overlap.ts';
import type { Plan } from '../core/plan.ts';
import type { RunCallback, RunInput, Services } from '../core/ports.ts';
import { isVisible, type RerunType, type Run, type TriggerType } from '../core/run.ts';
import { steersCommand } from '../core/steering-variables.ts';
import { type CaseOnMachine, withPrerequisites } from '../core/with-prerequisites.ts';
import { announceRun } from './commit-statuses.ts';
import { type Demand, readDemand, takeDemanded } from './demand-slots.ts';
import { giveBackSlots } from './give-back-slots.ts';
import { linkRerun } from './link-rerun.ts';
import { spareResultIds } from './record-results.ts';
import { releaseRun, startExecution, tendPlan } from './tend-plan.ts';

/** How long an idempotency key is remembered, in milliseconds (reliability.md F1). */
const idempotencyMs = 24 * 3_600_000;
/** Runs that may wait for one plan. */
export const queueLimit = 100;

export interface TriggerRequest {
  readonly planId: number;
  /** Refuses a plan the caller may not see with NOT_FOUND. */
  readonly maySee: (plan: Plan) => boolean;
  readonly trigger: Run['trigger'] & { readonly type: TriggerType };
  readonly environmentId?: number;
  /** The occurrence of a schedule that starts it. */
  readonly schedule?: NonNullable<Run['schedule']>;
  /** Why the run cannot be built: it is recorded, and ends without a dispatch. */
  readonly unbuildable?: string;
  /** The run of a parent plan that this one belongs to. */
  readonly groupId?: number;
  /** The caller meant the plan as a parent; kept, and of no effect on a plan that is none. */
  readonly asGroup?: boolean;
  readonly buildNo?: string;
  /** What is tested; where the plan says so its status is shown beside it. */
  readonly commit?: Commit;
  readonly runtimeData?: Readonly<Record<string, string>>;
  readonly uploadVersions?: Readonly<Record<string, string>>;
  /** What to run of the plan, resolved once it is known that this request starts a run; absent is everything. */
  readonly choose?: (plan: Plan) => Promise<Choice>;
  /** What holds whatever the plan says. */
  readonly overlap?: Overlap;
  /** What holds for a plan that says nothing: the default of the API the request came by; `queue` without one. */
  readonly overlapUnlessSet?: Overlap;
  /** How many runs of the caller's key may go on at once. */
  readonly parallelLimit?: number;
  /** Refuses a run that would have to wait for a slot of an environment now, instead of letting it wait for one later. */
  readonly demandSlots?: boolean;
  /** Where the run tells its end; `sealCallback` makes it. */
  readonly callback?: RunCallback;
  /** The caller's key, what it is for, and a digest of everything the request says. */
  readonly idempotency?: {
    readonly key: string;
    readonly route: string;
    readonly fingerprint: string;
    /** The key holds this long only, and no longer than the run it started is live (reliability.md F2). */
    readonly withinSeconds?: number;
    /** It holds that long, whatever becomes of the run; a day unless given. */
    readonly keepSeconds?: number;
  };
}

/** What a run is to run. */
export interface Choice {
  /** The cases to run; absent is everything. */
  readonly picked?: readonly PickedCase[];
  /** Prerequisites of the picked cases that need not run: they have passed already. */
  readonly isMet?: (name: CaseOnMachine) => boolean;
  readonly config?: NonNullable<Run['config']>;
  /** What the caller was told of environments; kept, so that a repeat is told the same. */
  readonly unavailable?: NonNullable<Run['unavailable']>;
  /** The chain the run joins, oldest first. */
  readonly rerun?: { readonly type: RerunType; readonly chain: readonly number[] };
}

export interface TriggerAnswer {
  readonly run: Run;
  /** The same key was used before: this is the run it started. */
  readonly replayed: boolean;
}

/**
 * The trigger procedure (reliability.md 3.4). Once the run's id is fixed every step may be repeated: a retry after a crash
 * rolls the half-done run forward. Refusals: NOT_FOUND, PLAN_DISABLED, UNKNOWN_ENVIRONMENT, ALREADY_RUNNING, QUEUE_FULL,
 * ENVIRONMENT_UNAVAILABLE, IDEMPOTENCY_KEY_REUSED, and those of `choose`.
 */
export async function triggerRun(services: Services, request: TriggerRequest): Promise<TriggerAnswer> {
  const found = await services.plans.getPlanForTrigger(request.planId);
  if (found === undefined || !request.maySee(found.plan)) {
    throw new ServiceError('NOT_FOUND', `there is no test plan ${request.planId}`, { subject: 'plan' });
  }
  const { plan } = found;
  // Who keeps a key for long sends the same again for long: its run is found whatever became of the plan meanwhile.
  const mayRepeat = request.choose !== undefined || request.idempotency?.keepSeconds !== undefined;
  const replay = mayRepeat ? await findReplay(services, request) : undefined;
  if (replay) return { run: replay, replayed: true };
  checkRuntimeData(plan, request);
  const choice = complete(plan, (await request.choose?.(plan)) ?? {});
  if (request.environmentId !== undefined) await checkEnvironment(services, plan, request.environmentId);
  if (!plan.enabled) throw new ServiceError('PLAN_DISABLED', `test plan ${plan.id} is disabled; enable it first`);
  const idsWanted = Math.max(found.catalogSize, declaredEntries(plan)) + spareResultIds;
  const { runId, firstResultId, projectLimit } = await services.runs.allocateRun(idsWanted, plan.projectId);
  const input = inputOf(request, choice);
  const resultIds: Run['resultIds'] = [[0, firstResultId, idsWanted]];
  const demand = request.demandSlots === true ? await readDemand(services, plan, request) : undefined;
  const fresh: Run = {
    ...newRun(services, plan, request, runId, resultIds, found.usualSeconds),
    ...chosen(choice),
    ...limited(projectLimit, request.parallelLimit, demand),
    hasInput: input !== null,
  };
  const claimed = await claim(services, request, runId);
  if (claimed !== runId) {
    const earlier = await services.runs.getRun(claimed);
    if (earlier && isVisible(earlier)) return { run: await startAgain(services, earlier), replayed: true };
    const run = earlier ?? { ...fresh, id: claimed };
    return { run: await admitRun(services, plan, run, input, demand), replayed: true };
  }
  return { run: await admitRun(services, plan, fresh, input, demand), replayed: false };
}

/** The run the same request started before, if it was admitted: then nothing is chosen again, whatever holds by now. */
async function findReplay(services: Services, request: TriggerRequest): Promise<Run | undefined> {
  if (request.idempotency === undefined) return undefined;
  const held = await services.runs.getIdempotency(nameOfClaim(request, request.idempotency), services.now());
  if (held === undefined) return undefined;
  if (held.fingerprint !== request.idempotency.fingerprint) throw keyReused();
  const earlier = await services.runs.getRun(held.runId);
  if (earlier === undefined || !isVisible(earlier)) return undefined;
  return isPast(services, request.idempotency, earlier) ? undefined : startAgain(services, earlier);
}

/** The run that requests of this key have started, if it was admitted. */
export async function startedRun(
  { runs, now }: Services,
  request: Pick<TriggerRequest, 'trigger' | 'planId'>,
  idempotency: NonNullable<TriggerRequest['idempotency']>,
): Promise<Run | undefined> {
  const held = await runs.getIdempotency(nameOfClaim(request, idempotency), now());
  const run = held && (await runs.getRun(held.runId));
  return run && isVisible(run) ? run : undefined;
}

/** The run is over, or its request too long ago, for a key that holds only so long. */
function isPast(
  { now }: Services,
  { withinSeconds }: NonNullable<TriggerRequest['idempotency']>,
  run: Run | undefined,
): boolean {
  if (withinSeconds === undefined || run === undefined) return false;
  return run.status === 'completed' || now() >= run.createdAt + withinSeconds * 1000;
}

/** Admitted, but perhaps its trigger died before it started the execution: starting again is harmless. */
async function startAgain(services: Services, run: Run): Promise<Run> {
  if (run.status === 'queued' && run.waitsFor === undefined) await startExecution(services, run.id, run.executionN);
  return run;
}

/** Puts the run, takes its place at the plan's lock and the slots it demands, admits and starts it. */
async function admitRun(
  services: Services,
  plan: Plan,
  run: Run,
  input: RunInput | null,
  demand: Demand | undefined,
): Promise<Run> {
  const { runs } = services;
  await runs.createRun(run, input);
  if (run.rerunOf !== undefined) await linkRerun(services, run.rerunOf, run.id);
  const place = await takePlace(services, plan, run);
  if (place === 'refused') {
    await runs.reject(run.id, services.now());
    const [active] = (await runs.readLock(plan.id)).active;
    throw new ServiceError(
      'ALREADY_RUNNING',
      `Test plan ${plan.id} already has an active run${active === undefined ? '' : ` (${active})`}`,
      active === undefined ? {} : { runId: active },
    );
  }
  const waits = place === 'waiting';
  // A run that waits for its plan takes its slots when it begins.
  const needs = demand?.needs.filter(({ key }) => run.slots?.includes(key)) ?? [];
  const unavailable = demand === undefined || waits ? [] : await takeDemanded(services, run, { ...demand, needs });
  if (unavailable.length > 0 && (await giveUp(services, run))) throw environmentUnavailable(unavailable);
  const holds = demand !== undefined && !waits && needs.length > 0 && needs.length === demand.needs.length;
  const now = services.now();
  const deadlineAt = now + (waits ? run.deadlines.queueSeconds : run.deadlines.startSeconds) * 1000;
  // Where it is due already in time: to move it in the index would be two writes more.
  const lookAt = run.nextActionAt !== undefined && run.nextActionAt > now ? run.nextActionAt : now + 60_000;
  const ahead = waits ? await runsAhead(services, plan.id, run.id) : undefined;
  const admitted = await runs.admit(run, {
    deadlineAt,
    // Run Queued goes out with the start, or for a run that waits by the next passage of the sweeper.
    nextActionAt: waits ? now : Math.min(lookAt, deadlineAt),
    ...(ahead === undefined ? {} : { waitsFor: ahead }),
    ...(holds && run.limits === undefined ? { slotsHeld: true } : {}),
  });
  const stored = admitted ?? (await runs.getRun(run.id));
  if (stored === undefined || !isVisible(stored)) {
    await giveUp(services, run);
    throw new ServiceError('UNAVAILABLE', 'the run was given up before it could start; trigger it again', {
      retryAfterSeconds: 1,
    });
  }
  if (stored.status !== 'queued') return stored;
  try {
    if (stored.waitsFor === undefined) await startExecution(services, run.id, stored.executionN);
    else if ((await runs.readLock(plan.id)).active.has(run.id)) await releaseRun(services, run.id);
    else if (waits) await tendPlan(services, plan.id);
    await announceRun(services, plan, stored);
  } catch (error) {
    // It is admitted: what is left to do is the sweeper's, and no answer says otherwise.
    services.log({ level: 'warn', event: 'effect of a trigger failed', runId: run.id, error });
  }
  return stored;
}

/** Rejects the run and gives everything back. False if it was admitted meanwhile, by a retry of its trigger: it keeps what it has. */
async function giveUp(services: Services, run: Run): Promise<boolean> {
  if (!(await services.runs.reject(run.id, services.now()))) {
    const stored = await services.runs.getRun(run.id);
    if (stored !== undefined && isVisible(stored)) return false;
  }
  await giveBackSlots(services, run);
  await services.runs.leave(run.planId, run.id);
  await tendPlan(services, run.planId);
  return true;
}

function environmentUnavailable(environments: readonly { id: number; name: string }[]): ServiceError {
  const named = environments.map(({ id, name }) => `${id} (${name})`).join(', ');
  const message = `No free slot in environment ${named}, or it is disabled; trigger the run later, or let it wait for one`;
  return new ServiceError('ENVIRONMENT_UNAVAILABLE', message, { environments });
}

async function takePlace(services: Services, plan: Plan, run: Run): Promise<'active' | 'waiting' | 'refused'> {
  const { runs } = services;
  if (run.overlap === 'allow') {
    await runs.join(plan.id, run.id);
    return 'active';
  }
  if (await runs.lock(plan.id, run.id)) return 'active';
  await tendPlan(services, plan.id);
  if (run.overlap === 'reject') return (await runs.lock(plan.id, run.id)) ? 'active' : 'refused';
  for (let round = 0; round < 3; round++) {
    if (await runs.wait(plan.id, run.id, queueLimit)) return 'waiting';
    const lock = await runs.readLock(plan.id);
    if (lock.active.has(run.id)) return 'active';
    if (lock.waiting.size >= queueLimit) {
      await runs.reject(run.id, services.now());
      throw new ServiceError(
        'QUEUE_FULL',
        `${queueLimit} runs of test plan ${plan.id} are waiting already; try again later`,
        {
          retryAfterSeconds: 60,
        },
      );
    }
    if (await runs.lock(plan.id, run.id)) return 'active';
  }
  throw new ServiceError('UNAVAILABLE', 'too many triggers at once; try again', { retryAfterSeconds: 1 });
}

/** The run id the caller's key stands for: the new one, or that of the first request with this key. */
async function claim(services: Services, request: TriggerRequest, runId: number): Promise<number> {
  const { idempotency } = request;
  if (idempotency === undefined) return runId;
  const { fingerprint } = idempotency;
  const name = nameOfClaim(request, idempotency);
  const now = services.now();
  let seenOver: number | undefined;
  for (let round = 0; round < 3; round++) {
    const answer = await services.runs.claimIdempotency({
      key: name,
      runId,
      fingerprint,
      now,
      expiresAt: now + keptMs(idempotency),
      ...(seenOver === undefined ? {} : { seenOver }),
    });
    if (answer.won) return runId;
    if (answer.fingerprint !== fingerprint) throw keyReused();
    const earlier = await services.runs.getRun(answer.runId);
    if (earlier?.status !== 'rejected' && !isPast(services, idempotency, earlier)) return answer.runId;
    seenOver = answer.runId;
  }
  throw new ServiceError('UNAVAILABLE', 'the same request is being handled; try again', { retryAfterSeconds: 1 });
}

function keptMs({ withinSeconds, keepSeconds }: NonNullable<TriggerRequest['idempotency']>): number {
  const seconds = withinSeconds ?? keepSeconds;
  return seconds === undefined ? idempotencyMs : seconds * 1000;
}

function nameOfClaim(
  { trigger, planId }: Pick<TriggerRequest, 'trigger' | 'planId'>,
  { key, route }: NonNullable<TriggerRequest['idempotency']>,
): string {
  return createHash('sha256')
    .update(JSON.stringify([trigger.keyId, route, planId, key]))
    .digest('hex');
}

function keyReused(): ServiceError {
  return new ServiceError(
    'IDEMPOTENCY_KEY_REUSED',
    'Idempotency-Key: it was used before for another request; use a new one',
    { fields: [{ field: 'Idempotency-Key', message: 'was used before for another request' }] },
  );
}

async function runsAhead(services: Services, planId: number, runId: number): Promise<number[]> {
  const { active, waiting } = await services.runs.readLock(planId);
  return [...active, ...[...waiting].filter((other) => other < runId)]
    .filter((other) => other !== runId)
    .sort((a, b) => a - b);
}

/** A key that may trigger runs must not choose what a command of this machine loads (core/steering-variables.ts). */
function checkRuntimeData({ executor }: Plan, { runtimeData = {} }: TriggerRequest): void {
  const name = steersCommand(executor.type, Object.keys(runtimeData));
  if (name !== undefined) {
    throw invalidField(
      'runtimeData',
      `must not set ${name.slice(0, 50)}, which steers the command; set it in the plan`,
    );
  }
}

async function checkEnvironment(services: Services, plan: Plan, environmentId: number): Promise<void> {
  const environment = await services.environments.getEnvironment(environmentId);
  if (environment !== undefined && environment.project === plan.project) return;
  throw new ServiceError(
    'UNKNOWN_ENVIRONMENT',
    `environmentId: project ${plan.project} has no environment ${environmentId}`,
    {
      fields: [
        { field: 'environmentId', message: 'is no environment of the plan’s project', rejectedValue: environmentId },
      ],
    },
  );
}

function newRun(
  services: Services,
  plan: Plan,
  request: TriggerRequest,
  id: number,
  resultIds: Run['resultIds'],
  usualSeconds: number | undefined,
): Run {
  const now = services.now();
  const capabilities = services.executors(plan.executor.type).capabilities(plan.executor);
  return {
    id,
    version: 1,
    status: 'new',
    planId: plan.id,
    planVersion: plan.version,
    planName: plan.name,
    project: plan.project,
    projectId: plan.projectId,
    trigger: request.trigger,
    createdAt: now,
    ...(request.buildNo === undefined ? {} : { buildNo: request.buildNo }),
    ...(request.commit === undefined ? {} : { commit: request.commit }),
    ...(request.environmentId === undefined ? {} : { environmentId: request.environmentId }),
    ...(request.schedule === undefined ? {} : { schedule: request.schedule }),
    ...(request.unbuildable === undefined ? {} : { unbuildable: request.unbuildable }),
    ...(request.groupId === undefined ? {} : { groupId: request.groupId }),
    ...(request.asGroup === undefined ? {} : { asGroup: request.asGroup }),
    hasInput: false,
    ...(request.callback === undefined ? {} : { callbackHost: request.callback.host }),
    overlap: request.overlap ?? plan.overlap ?? request.overlapUnlessSet ?? 'queue',
    rerun: plan.rerun,
    redispatch: plan.redispatch,
    deadlines: plan.deadlines,
    callsBack: capabilities.callsBack,
    polls: capabilities.polls,
    selects: capabilities.selects,
    ...(usualSeconds === undefined ? {} : { usualSeconds }),
    resultIds,
    requests: {},
    attempt: 1,
    dispatch: 'due',
    dispatchTries: 0,
    deadlineAt: now + plan.deadlines.startSeconds * 1000,
    lastProgressAt: now,
    packedBytes: 0,
    garbage: 0,
    nextActionAt: now + 60_000,
    wakeSeq: 0,
    executionN: 1,
  };
}

/** The choice with the prerequisites its cases need (contracts/testsigma.md 4.3). */
function complete(plan: Plan, choice: Choice): Choice {
  if (choice.picked === undefined) return choice;
  return { ...choice, picked: withPrerequisites(plan, choice.picked, choice.isMet) };
}

/** The limits in force, and the slots that are taken before it is admitted: a crash in between must not hide them. */
function limited(
  project: number | undefined,
  key: number | undefined,
  demand: Demand | undefined,
): Pick<Run, 'limits' | 'slots'> {
  const limits = { ...(project === undefined ? {} : { project }), ...(key === undefined ? {} : { key }) };
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(demand === undefined || demand.needs.length === 0 ? {} : { slots: demand.needs.map(({ key }) => key) }),
  };
}

/** What a choice says in the run's own item. */
function chosen({ picked, config, unavailable, rerun }: Choice): Partial<Run> {
  const iterations = (picked ?? []).reduce((sum, testCase) => sum + (testCase.iterations?.length ?? 0), 0);
  const parent = rerun?.chain.at(-1);
  return {
    ...(picked === undefined ? {} : { requestedCases: picked.length }),
    ...(iterations === 0 ? {} : { requestedIterations: iterations }),
    ...(config === undefined ? {} : { config }),
    ...(unavailable === undefined || unavailable.length === 0 ? {} : { unavailable }),
    ...(rerun === undefined || parent === undefined
      ? {}
      : { rerunOf: parent, rerunType: rerun.type, chain: rerun.chain }),
  };
}

function inputOf(
  { runtimeData = {}, uploadVersions = {}, callback }: TriggerRequest,
  { picked }: Choice,
): RunInput | null {
  const empty =
    Object.keys(runtimeData).length === 0 && Object.keys(uploadVersions).length === 0 && picked === undefined;
  if (empty && callback === undefined) return null;
  return { runtimeData, uploadVersions, picked: picked ?? null, ...(callback === undefined ? {} : { callback }) };
}

function declaredEntries(plan: Plan): number {
  const lanes = plan.machines.length;
  let entries = lanes;
  for (const suite of plan.suites) {
    entries += 1 + suite.cases.length * (1 + lanes);
    for (const testCase of suite.cases) entries += testCase.iterations.length * Math.max(1, lanes);
  }
  return entries;
}
