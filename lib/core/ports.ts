import type { PackedBatch } from './batch.ts';
import type { Catalog, CatalogEntry } from './catalog.ts';
import type { Circuit } from './circuit.ts';
import type {
  Delivery,
  DeliveryAnswer,
  DeliveryAttempt,
  DeliveryBody,
  DeliveryOutcome,
  LastOutcome,
  PayloadKind,
  SubscriptionState,
} from './delivery.ts';
import type { Executor, PickedCase } from './executor.ts';
import type { ExecutorType } from './executor-settings.ts';
import type { Hook, HookCall } from './hook.ts';
import type { Overridden, Override } from './override.ts';
import type { Plan, PlanDocument } from './plan.ts';
import type { Counts } from './results.ts';
import type { Ending, OutboxEvent, Run, RunResult } from './run.ts';
import type { Occurrence, Schedule } from './schedule/schedule.ts';
import type { SlotKey, SlotNeed, SlotSet } from './slots.ts';

/** The outside world, as the core sees it. Every implementation passes the contract suite of its port. */
export interface Services {
  readonly runs: RunStore;
  readonly slots: SlotStore;
  readonly circuits: CircuitStore;
  readonly plans: PlanStore;
  readonly keys: KeyStore;
  readonly tokens: TokenStore;
  readonly environments: EnvironmentStore;
  readonly deliveries: DeliveryStore;
  readonly hooks: HookStore;
  readonly schedules: ScheduleStore;
  readonly scheduler: Scheduler;
  readonly workflow: Workflow;
  readonly sender: Sender;
  readonly bus: Bus;
  readonly executors: (type: ExecutorType) => Executor;
  /** The body of the callback of a completed run, of the kind its trigger asked for. */
  readonly renderDelivery: (kind: PayloadKind, run: Run) => Promise<DeliveryBody>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Cryptographically strong random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  /** Where executors and links reach us, without a final slash. */
  readonly publicUrl: string;
  /**
   * Newest first; the older one still verifies while keys rotate. They are kept for hours; `fresh` ones are those of the last
   * seconds, for what is to outlive a rotation.
   */
  readonly masterKeys: (fresh?: 'fresh') => Promise<readonly MasterKey[]>;
  readonly secrets: Secrets;
  readonly log: (entry: LogEntry) => void;
}

/** Secrets by their reference in a plan or an environment (secret-reference.ts). */
export interface Secrets {
  /** Throws, naming the reference: EXECUTOR_REFUSED if there is no such secret, EXECUTOR_UNAVAILABLE if its store fails. */
  get(ref: string): Promise<string>;
}

export interface MasterKey {
  readonly epoch: number;
  readonly key: Uint8Array;
}

/** Allow-listed fields only: no header, body, query, token or variable ever reaches a log (reliability.md 5.8). */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly runId?: number;
  readonly planId?: number;
  readonly scheduleId?: number;
  readonly keyId?: string;
  readonly attempt?: number;
  readonly deliveryId?: string;
  readonly requestId?: string;
  readonly route?: string;
  readonly status?: number;
  readonly durationMs?: number;
  readonly code?: string;
  /** Name of its target (core/circuit.ts). */
  readonly executor?: string;
  /** Of a passage of the sweeper. */
  readonly seen?: number;
  readonly oldestDueSeconds?: number;
  readonly stuckRuns?: number;
  readonly error?: unknown;
}

/** Heavy input of a run, kept beside its small hot item. */
export interface RunInput {
  readonly runtimeData: Readonly<Record<string, string>>;
  readonly uploadVersions: Readonly<Record<string, string>>;
  /** The cases to run; null is everything. */
  readonly picked: readonly PickedCase[] | null;
  readonly callback?: RunCallback;
}

/** Where one run tells its end. The URL may hold a secret: it is stored sealed, and shown by host only. */
export interface RunCallback {
  readonly kind: PayloadKind;
  readonly host: string;
  readonly sealedUrl: string;
}

/** One dispatch to the executor. Never changes once its job is known. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly startedAt: number;
  readonly ref: string;
  readonly executing: string;
  readonly link?: string;
}

/** What an attempt has to run; written with the decision to make the attempt. */
export interface AttemptRequest {
  readonly attempt: number;
  /**
   * `rerun`: again what had not passed. `stage`: for the first time what has its prerequisites behind it. `redispatch`: what
   * the attempt before was to run and, because of its executor, did not.
   */
  readonly why: 'rerun' | 'stage' | 'redispatch';
  /** Catalog indexes of the cases (or single iterations) to run; null is what the run asks for. */
  readonly requested: readonly number[] | null;
}

/** The partition of a live run, read consistently. */
export interface RunItems {
  readonly batches: readonly PackedBatch[];
  readonly requests: readonly AttemptRequest[];
  readonly attempts: readonly AttemptRecord[];
}

export interface IdempotencyClaim {
  readonly key: string;
  readonly runId: number;
  readonly fingerprint: string;
  readonly now: number;
  readonly expiresAt: number;
  /** A run id just read as rejected, or past its coalescing window, that may be replaced. */
  readonly seenOver?: number;
}

export type ClaimAnswer =
  | { readonly won: true }
  | { readonly won: false; readonly runId: number; readonly fingerprint: string };

/** The item every trigger of a plan passes through. */
export interface PlanLock {
  readonly active: ReadonlySet<number>;
  readonly waiting: ReadonlySet<number>;
  readonly last?: LastOutcome;
}

/** What a run that ended teaches about its plan; what it does not know is left out. */
export interface Learnt {
  readonly usualSeconds?: number;
  readonly catalogSize?: number;
  readonly result?: RunResult;
}

/** What E7 writes. */
export interface Completion {
  readonly ending: Ending;
  readonly counts: Counts;
  readonly resultAt: string;
  readonly resultChunks: number;
  readonly endedAt: number;
  readonly eventId: string;
  readonly turn?: NonNullable<Run['turn']>;
  readonly cancelPending: boolean;
  readonly nextActionAt: number;
}

/**
 * The run protocol of reliability.md section 3: single-item conditional writes only, each named by its expression (E1 to
 * E20). A boolean answer says whether the condition held; a refused write is an answer, not an error.
 */
export interface RunStore {
  /** E10. Allocates a run id and a block of `resultIds` consecutive numbers for results; `projectLimit` is how many runs of the project may go on at once. */
  allocateRun(
    resultIds: number,
    projectId: number,
  ): Promise<{ runId: number; firstResultId: number; projectLimit?: number }>;
  /** The run that owns the result id, if one was ever created for it; whether it is visible, its META says. */
  findByResultId(resultId: number): Promise<number | undefined>;
  /** A further block of result ids for catalog positions from `fromIndex` on; false if someone else added one first, or the run is over. */
  extendResultIds(run: Run, fromIndex: number, count: number): Promise<boolean>;
  claimIdempotency(claim: IdempotencyClaim): Promise<ClaimAnswer>;
  /** Who holds the key now, without claiming it. */
  getIdempotency(key: string, now: number): Promise<{ runId: number; fingerprint: string } | undefined>;
  /** Puts META as `new`, and INPUT if there is one, unless they exist. */
  createRun(run: Run, input: RunInput | null): Promise<void>;
  getRun(runId: number): Promise<Run | undefined>;
  getRuns(runIds: readonly number[]): Promise<Run[]>;
  /** `exists` false answers an empty input without a read. */
  getInput(runId: number, exists: boolean): Promise<RunInput>;

  lock(planId: number, runId: number): Promise<boolean>;
  join(planId: number, runId: number): Promise<void>;
  /** E3; remembers what the run taught about the plan. Answers who is left. */
  leave(planId: number, runId: number, learnt?: Learnt): Promise<PlanLock>;
  wait(planId: number, runId: number, most: number): Promise<boolean>;
  promote(planId: number, runId: number): Promise<boolean>;
  readLock(planId: number): Promise<PlanLock>;

  admit(
    run: Run,
    change: { deadlineAt: number; nextActionAt: number; waitsFor?: readonly number[]; slotsHeld?: true },
  ): Promise<Run | undefined>;
  reject(runId: number, at: number): Promise<boolean>;
  release(runId: number, change: { deadlineAt: number; nextActionAt: number }): Promise<boolean>;

  /** Names the sets the run is about to take slots of, so that whoever ends it gives them back. Answers the run of this try. */
  beginSlots(run: Run, slots: readonly SlotKey[]): Promise<Run | undefined>;
  /** The run has all its slots; refused if anything happened to it since it began. */
  holdSlots(run: Run, change: { deadlineAt: number; nextActionAt: number }): Promise<Run | undefined>;
  /** The run waits for slots of the sets named; refused if anything happened to it since it was read. */
  waitForSlots(
    run: Run,
    change: {
      slots: readonly SlotKey[];
      waitsForSlots: readonly SlotKey[];
      deadlineAt: number;
      nextActionAt: number;
    },
  ): Promise<Run | undefined>;
  /** A slot is free: the run must look again, even if it is just about to wait. Undefined if it waits for none. */
  callWaiter(runId: number): Promise<Run | undefined>;

  /** E5, all parts. `same` is a repeat of the same bytes; `reused` the same id with other bytes. */
  putBatch(runId: number, batch: PackedBatch): Promise<'stored' | 'same' | 'reused'>;
  /** E6. */
  acknowledge(runId: number, change: { at: number; final: boolean; bytes: number }): Promise<Run | undefined>;
  readItems(run: Run): Promise<RunItems>;

  /** E14. Remembers since when there may be a job of an earlier claim. */
  claimDispatch(run: Run, at: number, callTimedOut: number): Promise<Run | undefined>;
  /**
   * The dispatch is due again, not before `after`; `failed` counts as one of its tries, and `problem` says why. One that
   * started nothing is as if it had not been claimed; those before it are remembered.
   */
  releaseDispatch(run: Run, after: number, failed: boolean | 'nothingStarted', problem?: string): Promise<boolean>;
  /** A dispatch that is due waits until `after`; that is none of its tries. */
  holdDispatch(run: Run, after: number): Promise<boolean>;
  /** Stores the job's reference, then E15 (or its like for attempts after the first). */
  acceptDispatch(
    run: Run,
    attempt: AttemptRecord,
    change: { at: number; deadlineAt: number; nextActionAt: number; onProbation?: true },
  ): Promise<Run | undefined>;
  /** E15 alone: a batch came before the dispatch's own answer. */
  markRunning(
    runId: number,
    change: { at: number; deadlineAt: number; nextActionAt: number },
  ): Promise<Run | undefined>;
  /** E16, after the attempt's request was put. */
  nextAttempt(run: Run, request: AttemptRequest, at: number): Promise<Run | undefined>;
  /** E17. */
  stop(run: Run, stopBy: number): Promise<Run | undefined>;
  countGarbage(run: Run, garbage: number): Promise<void>;
  /** The executor is not asked about the current attempt before `after`. `aliveAt`: it gave a sign of life with that. */
  holdPoll(run: Run, after: number, aliveAt?: number): Promise<void>;
  /** E18. */
  registerToken(runId: number, seenWakeSeq: number, token: string, nextActionAt: number): Promise<boolean>;
  /** E18 again by who saw the token, for a later time: false if the execution has gone on since, or is told to. */
  keepToken(run: Pick<Run, 'id' | 'wakeSeq' | 'taskToken'>, nextActionAt: number): Promise<boolean>;
  /** The task of this token is over: `tokenOver` takes its place, unless another token did. */
  markTokenOver(run: Pick<Run, 'id' | 'taskToken'>): Promise<void>;
  /** E19. */
  continueExecution(runId: number, executionN: number, nextActionAt: number): Promise<boolean>;
  /** Moves the time the sweeper looks again; never brings a finished run back. */
  scheduleNext(runId: number, nextActionAt: number): Promise<void>;

  putResultChunks(runId: number, resultAt: string, chunks: readonly Uint8Array[]): Promise<void>;
  /** The first `count` of them. */
  readResultChunks(runId: number, resultAt: string, count: number): Promise<Uint8Array[]>;
  /** E7. */
  complete(run: Run, completion: Completion): Promise<Run | undefined>;
  /** E8. */
  markSent(runId: number, events: readonly OutboxEvent[]): Promise<void>;
  cancelDone(runId: number): Promise<void>;

  /**
   * Puts the override under a name made of its place and content, then names it in META if the run is still the completed
   * one it was made for: only what META names counts. `overridden` is what the run becomes for its
   * readers.
   */
  override(run: Run, override: Override, overridden: Omit<Overridden, 'newest'>): Promise<Run | undefined>;
  /** The overrides that count, oldest first; none without a read. */
  readOverrides(run: Run): Promise<Override[]>;

  /** E20. */
  linkRerun(parentId: number, childId: number, stale?: number): Promise<boolean>;
  getRerun(parentId: number): Promise<number | undefined>;

  /** Runs whose next action is due, oldest first, at most `limit`. Eventually consistent: read META before acting. */
  listDue(now: number, limit: number): Promise<number[]>;
  /** When the oldest action of all was due: of runs, deliveries and schedules. Undefined while there is none. */
  oldestDueAt(): Promise<number | undefined>;
  /** Ids of admitted runs, newest first, below `before`. */
  listByPlan(planId: number, before: number, limit: number, ascending?: boolean): Promise<number[]>;
  listByProject(project: string, before: number, limit: number): Promise<number[]>;
  countByPlan(planId: number): Promise<number>;
}

/** Who holds and who waits for the slots of what is limited; each write is one conditional write to one set. */
export interface SlotStore {
  /** In the order of the keys; consistently. */
  readSlots(keys: readonly SlotKey[]): Promise<SlotSet[]>;
  /**
   * E21 for the try that began at version `since` of the run, leaving `ahead` slots to older waiting runs. Who took one
   * waits no more.
   */
  takeSlot(need: SlotNeed, runId: number, since: number, ahead: number): Promise<boolean>;
  /** Gives back what the run took in tries up to `since`; undefined if a later one has it, or none. */
  untakeSlot(key: SlotKey, runId: number, since: number): Promise<SlotSet | undefined>;
  waitForSlot(key: SlotKey, runId: number): Promise<void>;
  stopWaiting(key: SlotKey, runId: number): Promise<void>;
  /** Gives the run's slot back, for good. Answers who is left. */
  leaveSlots(key: SlotKey, runId: number): Promise<SlotSet>;
  /** How many runs of a project may go on at once, by the projects' numbers; those without a limit are not in it. */
  getProjectLimits(): Promise<ReadonlyMap<number, number>>;
  /** Null is no limit. */
  putProjectLimit(projectId: number, parallelRuns: number | null): Promise<void>;
}

/** What is known of executors that fail, one item a target; each write is conditional on the version it was made from. */
export interface CircuitStore {
  /** Consistently. */
  getCircuit(targetId: string): Promise<Circuit | undefined>;
  /** Puts what follows the one seen, or the first one. False if someone else wrote meanwhile. */
  putCircuit(targetId: string, seen: Circuit | undefined, next: Circuit): Promise<boolean>;
}

export interface PlanStore {
  /** Allocates a plan id, or takes the one given; the project gets its number with its first plan or environment. */
  createPlan(document: PlanDocument, ownerId: number, now: number): Promise<Plan>;
  /** Puts the next version if `version` is still the newest; VERSION_CONFLICT otherwise. */
  updatePlan(plan: Plan, document: PlanDocument, ownerId: number, now: number): Promise<Plan>;
  deletePlan(plan: Plan, now: number): Promise<void>;
  /** The plan's schedules are as this version says, or gone with it if there is none: the sweeper need not look any more. */
  schedulesSynced(plan: Pick<Plan, 'id'>, version: number | undefined): Promise<void>;
  /** The plan is still there: whoever was about to delete it before `now` did not. */
  deletionGivenUp(planId: number, now: number): Promise<void>;
  getPlan(planId: number): Promise<Plan | undefined>;
  /** A pinned version; stays readable after changes and deletion. Cached: it never changes. */
  getPlanVersion(planId: number, version: number): Promise<Plan | undefined>;
  /** One read for a trigger: the plan, the usual duration of its runs, how many catalog entries it has about. */
  getPlanForTrigger(planId: number): Promise<{ plan: Plan; usualSeconds?: number; catalogSize: number } | undefined>;
  findPlanByName(project: string, name: string): Promise<Plan | undefined>;
  listPlans(after: number, limit: number): Promise<Plan[]>;
  /** Those that wait for events on the bus. Eventually consistent. */
  listEventPlans(): Promise<Plan[]>;
  listProjects(): Promise<{ name: string; id: number }[]>;
  getProject(name: string): Promise<{ name: string; id: number } | undefined>;
  /**
   * The whole catalog, consistently; cached, so that only new chunks are read again. Whoever can do with `atLeast` so many
   * entries may get those of an earlier read, which never change.
   */
  readCatalog(planId: number, atLeast?: number): Promise<Catalog>;
  /** Appends entries at `start`; false if someone else appended there first (read again, then try the rest). */
  appendCatalog(planId: number, start: number, entries: readonly CatalogEntry[]): Promise<boolean>;
}

export interface ApiKey {
  readonly id: string;
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
  readonly name: string;
  readonly ownerId: number;
  readonly scopes: readonly string[];
  readonly projects: readonly string[] | null;
  readonly planIds: readonly number[] | null;
  /** How many of the runs it triggers may go on at once; absent is any number. */
  readonly parallelLimit?: number;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

export interface KeyStore {
  putKey(key: ApiKey): Promise<boolean>;
  getKey(keyId: string): Promise<ApiKey | undefined>;
  listKeys(): Promise<ApiKey[]>;
  revokeKey(keyId: string, at: number): Promise<boolean>;
  nextOwnerId(): Promise<number>;
}

/** What a login gives for a key: the right to act as it until `endsAt`, or once to get the next such token. */
export interface Token {
  /** SHA-256, hex. */
  readonly hash: string;
  readonly keyId: string;
  readonly kind: 'access' | 'refresh';
  readonly endsAt: number;
}

export interface TokenStore {
  putToken(token: Token): Promise<void>;
  getToken(hash: string): Promise<Token | undefined>;
  /** The refresh token, for the first who uses it in time. */
  useRefreshToken(hash: string, at: number): Promise<Token | undefined>;
  /** How many wrong secrets there were for the name in this minute, this one included. */
  countWrongSecret(name: string, now: number): Promise<number>;
}

export interface Environment {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly project: string;
  readonly projectId: number;
  readonly variables: readonly EnvironmentVariable[];
  /** Runs may use it. */
  readonly enabled: boolean;
  /** How many may use it at one time; null is any number. */
  readonly capacity: number | null;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly createdBy: number;
  readonly updatedBy: number;
}

export interface EnvironmentVariable {
  readonly id: number;
  readonly key: string;
  /** Null if it is read from `valueFrom`. */
  readonly value: string | null;
  /** Where the value is: a reference `Secrets` knows, read when a run is dispatched and kept nowhere. */
  readonly valueFrom?: string;
  /** Never shown again once stored. */
  readonly secret: boolean;
}

export interface EnvironmentStore {
  /** Allocates the ids. NAME_TAKEN if the project has one of that name. */
  createEnvironment(
    environment: Pick<Environment, 'name' | 'description' | 'project'> &
      Partial<Pick<Environment, 'enabled' | 'capacity'>> & {
        variables: readonly Omit<EnvironmentVariable, 'id'>[];
      },
    ownerId: number,
    now: number,
  ): Promise<Environment>;
  getEnvironment(id: number): Promise<Environment | undefined>;
  listEnvironments(): Promise<Environment[]>;
  /** VERSION_CONFLICT if it changed since it was read. */
  putEnvironment(environment: Environment): Promise<void>;
  deleteEnvironment(environment: Environment): Promise<void>;
}

/** Deliveries, each one item with the writes E22 to E24: what was refused was changed by someone else. */
export interface DeliveryStore {
  /** Puts it unless it exists; false if it did. */
  putDelivery(delivery: Delivery): Promise<boolean>;
  getDelivery(id: string): Promise<Delivery | undefined>;
  /** E22. Whoever gets it sends the next try; the claim ends at `until`. `attempts` is the log as it is from now on. */
  claimDelivery(
    delivery: Delivery,
    claim: { readonly at: number; readonly until: number; readonly attempts: readonly DeliveryAttempt[] },
  ): Promise<Delivery | undefined>;
  /** E23, for the claim the delivery was read with. */
  recordDelivery(
    delivery: Delivery,
    change: DeliveryOutcome & { readonly at: number; readonly eventPending: boolean },
  ): Promise<Delivery | undefined>;
  /** The bus was told how it ended. */
  deliveryEventSent(delivery: Delivery): Promise<void>;
  /** E24: pending again, from the first try on; undefined while someone is sending it. */
  replayDelivery(id: string, at: number): Promise<Delivery | undefined>;
  /** Those with something to do until then, soonest first. Eventually consistent. */
  listDueDeliveries(until: number, limit: number): Promise<{ readonly id: string; readonly at: number }[]>;
  /** All of the run. */
  listDeliveriesByRun(runId: number): Promise<Delivery[]>;
  /** Newest first, those whose position is below `before`. Eventually consistent. */
  listDeliveriesByPlan(planId: number, before: number, limit: number): Promise<Delivery[]>;
  listDeliveriesByProject(project: string, before: number, limit: number): Promise<Delivery[]>;

  getSubscription(planId: number, key: string): Promise<SubscriptionState>;
  /** Remembers the time unless there is an earlier one. */
  markFailing(planId: number, key: string, since: number): Promise<void>;
  disableSubscription(planId: number, key: string, urlDigest: string): Promise<void>;
  /** Forgets that it fails or is disabled. */
  clearSubscription(planId: number, key: string): Promise<void>;
}

/** Addresses for the webhooks of others, and what came of their calls. */
export interface HookStore {
  createHook(hook: Hook): Promise<void>;
  getHook(id: string): Promise<Hook | undefined>;
  /** By the time they were made. */
  listHooks(): Promise<Hook[]>;
  /** VERSION_CONFLICT if it changed since it was read; likewise below. */
  putHook(hook: Hook): Promise<void>;
  deleteHook(hook: Pick<Hook, 'id' | 'version'>): Promise<void>;
  recordCall(call: HookCall): Promise<void>;
  /** Newest first. */
  listCalls(hookId: string, limit: number): Promise<HookCall[]>;
}

/** What the sweeper of schedules finds: one to look at, an occurrence the bus was not told of, a plan whose schedules are behind it. */
export type DueSchedule =
  | { readonly kind: 'schedule'; readonly scheduleId: number }
  | { readonly kind: 'event'; readonly scheduleId: number; readonly scheduledAt: number }
  | { readonly kind: 'plan'; readonly planId: number };

/** Schedules and what became of their occurrences. Every write is a compare-and-set of one item. */
export interface ScheduleStore {
  nextScheduleId(): Promise<number>;
  /** False if there is one of that id. */
  createSchedule(schedule: Schedule): Promise<boolean>;
  getSchedule(id: number): Promise<Schedule | undefined>;
  /** The next revision; undefined if it was written since it was read. A member that is undefined is removed. */
  replaceSchedule(schedule: Schedule, change: ScheduleChange): Promise<Schedule | undefined>;
  /** False if it was written since it was read. */
  deleteSchedule(schedule: Schedule): Promise<boolean>;
  /** By id, those above `after`. Eventually consistent, as is the next. */
  listSchedulesByPlan(planId: number, after: number, limit: number): Promise<Schedule[]>;
  listSchedulesByProject(project: string, after: number, limit: number): Promise<Schedule[]>;

  /** Puts the record unless there is one; the bus is to be told by `tellBy`, if at all. */
  recordOccurrence(occurrence: Occurrence, tellBy?: number): Promise<void>;
  getOccurrence(scheduleId: number, scheduledAt: number): Promise<Occurrence | undefined>;
  occurrenceTold(occurrence: Occurrence): Promise<void>;
  /** Newest first, those scheduled before `before`. */
  listOccurrences(scheduleId: number, before: number, limit: number, now: number): Promise<Occurrence[]>;

  /** What has something to do until then, soonest first. Eventually consistent: read before acting. */
  listDueSchedules(until: number, limit: number): Promise<DueSchedule[]>;
}

export type ScheduleChange = { readonly [K in keyof Schedule]?: Schedule[K] | undefined };

/** An occurrence as it is armed: its own time, and that with the schedule's jitter. */
export interface Armed {
  readonly scheduleId: number;
  readonly scheduledAt: number;
  readonly at: number;
}

/** Fires each schedule at its armed time. What it loses, fires twice or too late is the sweeper's and the fire procedure's. */
export interface Scheduler {
  /** In the place of what was armed of the schedule before. */
  arm(armed: Armed): Promise<void>;
  /** Nothing of the schedule fires; no error if nothing is armed. */
  disarm(scheduleId: number): Promise<void>;
}

/** Has deliveries sent. Whatever is lost on the way is found by the sweeper, because it is due. */
export interface Sender {
  /** There are new ones; does not wait for them. */
  notice(deliveryIds: readonly string[]): void;
  /** Tries each of those that are due once, and waits for that. */
  send(deliveryIds: readonly string[]): Promise<void>;
}

/** One message out, signed or with a token. Never throws: what went wrong is an answer. */
export type PostWebhook = (message: SignedMessage | BearerMessage) => Promise<DeliveryAnswer>;

export interface SignedMessage {
  /** What the body is, if not plain JSON. */
  readonly contentType?: string;
  /** `webhook-id`. */
  readonly id: string;
  readonly timestampSeconds: number;
  readonly url: string;
  readonly body: string;
  /** Secrets to sign with, or references of a plan to such. */
  readonly secrets: readonly ({ readonly secret: string } | { readonly ref: string })[];
}

/** A request to GitHub. */
export interface BearerMessage {
  readonly id: string;
  readonly url: string;
  readonly body: string;
  /** A plan's reference to the token. */
  readonly bearer: string;
}

/** A durable timer around `{ runId }`: Step Functions on AWS, a loop with timers when embedded. */
export interface Workflow {
  /** Starts execution `run-<id>-<n>`; starting it again is no error. `closed`: it already ended. */
  start(runId: number, executionN: number): Promise<'open' | 'closed'>;
  /** It looks whatever it is told, so that nobody need find out why it is woken. */
  readonly looksItself?: boolean;
  /**
   * Makes the execution look at its run now. A lost wake-up costs one wait at most. `over`: nothing waits with the token the run
   * has, either because its execution goes on already or because that of another wait should be there.
   */
  wake(run: Run, why: 'complete' | 'rerun' | 'look'): Promise<'over' | undefined>;
}

/** Told of a run, each once at most, under an id made of the run's. */
export type RunEventType = 'Run Queued' | 'Run Started' | 'Run Completed' | 'Plan Became Failed' | 'Plan Recovered';

export interface BusEvent {
  /** The same over every repeat, so that consumers can drop duplicates. */
  readonly id: string;
  readonly detailType: RunEventType | 'Run Refused' | 'Delivery Failed' | 'Schedule Skipped';
  readonly time: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An event of someone else. */
export interface ForeignEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** The sender's: the same event comes again under the same id. */
  readonly id?: string;
  readonly time?: number;
}

/** Puts it on the bus, and answers its id there. VALIDATION_FAILED if the bus does not take its source. */
export type PutEvent = (event: ForeignEvent) => Promise<{ readonly id: string }>;

export interface Bus {
  /** Throws if any of the events was not accepted. */
  publish(events: readonly BusEvent[]): Promise<void>;
}
