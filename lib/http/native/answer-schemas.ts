import * as z from 'zod/mini';
import { deliveryStates } from '../../core/delivery.ts';
import { hookSchemes } from '../../core/hook.ts';
import { overlaps } from '../../core/overlap.ts';
import { overrideResults } from '../../core/override.ts';
import { configBody, planSchema } from '../../core/plan.ts';
import { caseResults } from '../../core/results.ts';
import { rerunTypes } from '../../core/run.ts';
import { missedWords, occurrenceStates } from '../../core/schedule/schedule.ts';
import { planSchedule, timingMembers } from '../../core/schedule/schedule-form.ts';

export const time = z.string().check(z.meta({ format: 'date-time' }));
const url = z.string().check(z.meta({ format: 'uri-reference' }));
export const idNumber = z.int().check(z.gte(1), z.lte(2_147_483_647));
export const maybe = z.nullable;
export const runResult = z.enum(['passed', 'failed', 'errored', 'timedOut', 'stopped', 'noTests']);
export const triggerType = z.enum(['api', 'manual', 'schedule', 'webhook', 'event']);
const nextCursor = maybe(z.string());
/** The words may grow: clients must tolerate new ones. */
export const caseResult = z.enum(caseResults);

export const countsAnswer = z.strictObject({
  total: z.int(),
  passed: z.int(),
  failed: z.int(),
  errored: z.int(),
  skipped: z.int(),
  blocked: z.int(),
  stopped: z.int(),
  notExecuted: z.int(),
  running: z.int(),
  queued: z.int(),
  flaky: z.int(),
});

export const configAnswer = z.extend(configBody, { id: idNumber });
export const configsAnswer = z.strictObject({ configs: z.array(configAnswer) });

/** Who did it: the key, and the number of its owner. */
const person = z.strictObject({ keyId: z.string(), ownerId: z.int() });

export const runAnswer = z.strictObject({
  id: idNumber,
  version: z.int(),
  planId: idNumber,
  planName: z.string(),
  planVersion: z.int(),
  project: z.string(),
  status: z.enum(['queued', 'running', 'stopping', 'completed']),
  result: maybe(runResult),
  reason: maybe(z.string()),
  explanation: maybe(z.string()),
  counts: maybe(countsAnswer),
  /** What the run itself ended with, once a person said otherwise of some cases; the rest of the run shows what they said. */
  overridden: maybe(
    z.strictObject({
      original: z.strictObject({
        result: maybe(z.string()),
        reason: maybe(z.string()),
        explanation: maybe(z.string()),
        counts: maybe(countsAnswer),
      }),
      cases: z.int(),
      at: time,
      by: person,
    }),
  ),
  attempt: z.int(),
  overlap: z.enum(overlaps),
  /** The runs of its plan it comes after, and its place among those that wait: 1 is next. */
  waitsFor: z.array(idNumber),
  position: maybe(z.int()),
  /** What it waits for a free slot of. */
  waitsForSlots: z.array(z.strictObject({ kind: z.enum(['environment', 'project', 'key']), id: z.string() })),
  rerunOf: maybe(idNumber),
  rerunType: maybe(z.enum(rerunTypes)),
  chain: z.array(idNumber),
  config: maybe(z.strictObject({ id: idNumber, name: z.string() })),
  environmentId: maybe(idNumber),
  buildNo: maybe(z.string()),
  commit: maybe(z.strictObject({ sha: z.string(), repository: z.optional(z.string()) })),
  trigger: z.strictObject({
    type: triggerType,
    keyId: z.string(),
    ownerId: z.int(),
    /** The event on the bus that started it. */
    event: maybe(z.strictObject({ id: z.string(), source: z.string(), detailType: z.string() })),
  }),
  /** The schedule that fired it, and the time of the occurrence. */
  schedule: maybe(z.strictObject({ id: idNumber, scheduledAt: time })),
  requested: z.string(),
  executing: maybe(z.string()),
  createdAt: time,
  startedAt: maybe(time),
  endedAt: maybe(time),
  deadlineAt: maybe(time),
  links: z.strictObject({
    self: url,
    plan: url,
    cases: url,
    attempts: url,
    explain: url,
    junit: url,
    overrides: url,
    stop: url,
    job: maybe(url),
  }),
});
export const runsAnswer = z.strictObject({ runs: z.array(runAnswer), nextCursor });

const outcome = {
  id: z.int(),
  resultId: z.int(),
  name: z.string(),
  result: caseResult,
  durationMs: z.int(),
  attempt: z.int(),
  flaky: z.boolean(),
  message: maybe(z.string()),
  details: maybe(z.string()),
  overridden: maybe(z.strictObject({ original: caseResult, comment: maybe(z.string()), at: time, by: person })),
};
export const casesAnswer = z.strictObject({
  cases: z.array(
    z.strictObject({
      ...outcome,
      suite: z.string(),
      className: z.string(),
      machine: maybe(z.string()),
      iterations: z.array(z.strictObject(outcome)),
    }),
  ),
  nextCursor,
});

export const overridesAnswer = z.strictObject({
  overrides: z.array(
    z.strictObject({
      at: time,
      by: person,
      resultId: z.int(),
      suite: z.string(),
      className: z.string(),
      name: z.string(),
      machine: maybe(z.string()),
      result: z.enum(overrideResults),
      comment: maybe(z.string()),
    }),
  ),
  nextCursor,
});

export const attemptsAnswer = z.strictObject({
  attempts: z.array(
    z.strictObject({
      attempt: z.int(),
      why: z.enum(['first', 'rerun', 'stage', 'redispatch']),
      purpose: z.string(),
      dispatchedAt: maybe(time),
      endedAt: maybe(time),
      problem: maybe(
        z.strictObject({
          reason: z.string(),
          message: z.string(),
          /** Attempts that failed by infrastructure are dispatched again, as often as the plan allows. */
          class: z.enum(['infrastructure', 'plan', 'tests']),
        }),
      ),
      requested: maybe(z.array(z.string())),
      requestedCount: maybe(z.int()),
      executing: maybe(z.string()),
      batches: z.int(),
      links: z.strictObject({ output: url, job: maybe(url) }),
    }),
  ),
});

export const explainAnswer = z.strictObject({
  runId: idNumber,
  status: z.string(),
  result: maybe(z.string()),
  reason: maybe(z.string()),
  sentence: z.string(),
  steps: z.array(
    z.strictObject({
      kind: z.enum([
        'triggered',
        'waits',
        'prerequisites',
        'attempt',
        'stop',
        'ended',
        'overridden',
        'flaky',
        'failed',
        'blocked',
        'missing',
        'deadline',
      ]),
      at: maybe(time),
      sentence: z.string(),
      attempt: z.optional(z.int()),
      cases: z.optional(z.array(z.string())),
    }),
  ),
});

/** The document with every default filled in, and short forms written out. */
export const planAnswer = z.strictObject({
  ...planSchema.shape,
  machines: z.array(z.strictObject({ title: z.string(), environment: z.optional(idNumber) })),
  configs: z.array(configAnswer),
  schedules: z.array(
    z.strictObject({
      ...planSchedule.shape,
      id: idNumber,
      config: z.optional(z.strictObject({ name: z.optional(z.string()), id: z.optional(idNumber) })),
    }),
  ),
  id: idNumber,
  version: z.int(),
  createdAt: time,
  updatedAt: time,
  createdBy: z.int(),
  updatedBy: z.int(),
  links: z.strictObject({ self: url, runs: url }),
});
export const dryRunAnswer = z.strictObject({
  dryRun: z.literal(true),
  change: z.enum(['create', 'update', 'none']),
  id: maybe(idNumber),
  version: maybe(z.int()),
  changes: z.array(z.strictObject({ field: z.string(), from: z.unknown(), to: z.unknown() })),
});
export const plansAnswer = z.strictObject({
  plans: z.array(
    z.strictObject({
      id: idNumber,
      version: z.int(),
      name: z.string(),
      project: z.string(),
      enabled: z.boolean(),
      executor: z.strictObject({ type: z.string() }),
      overlap: maybe(z.string()),
      environment: maybe(idNumber),
      cases: z.int(),
      updatedAt: time,
      links: z.strictObject({ self: url }),
    }),
  ),
  nextCursor,
});

export const environmentAnswer = z.strictObject({
  id: idNumber,
  name: z.string(),
  description: maybe(z.string()),
  project: z.string(),
  /** The value of a secret is null. */
  variables: z.array(
    z.strictObject({
      id: z.int(),
      key: z.string(),
      value: maybe(z.string()),
      valueFrom: maybe(z.string()),
      secret: z.boolean(),
    }),
  ),
  enabled: z.boolean(),
  capacity: maybe(z.int()),
  version: z.int(),
  createdAt: time,
  updatedAt: time,
  createdBy: z.int(),
  updatedBy: z.int(),
});
export const environmentsAnswer = z.strictObject({ environments: z.array(environmentAnswer), nextCursor });

const project = z.strictObject({ name: z.string(), parallelRuns: maybe(z.int()) });
export const projectAnswer = project;
export const projectsAnswer = z.strictObject({ projects: z.array(project) });

export const deliveryAnswer = z.strictObject({
  id: z.string(),
  type: z.string(),
  state: z.enum(deliveryStates),
  planId: idNumber,
  runId: maybe(idNumber),
  to: z.enum(['subscription', 'callback', 'commitStatus']),
  /** The URL itself may hold a secret. */
  host: z.string(),
  tries: z.int(),
  attempts: z.array(z.strictObject({ at: time, durationMs: z.int(), status: maybe(z.int()), code: maybe(z.string()) })),
  createdAt: time,
  nextAttemptAt: maybe(time),
  endedAt: maybe(time),
  links: z.strictObject({ self: url, plan: url, run: maybe(url), replay: url }),
});
export const deliveriesAnswer = z.strictObject({ deliveries: z.array(deliveryAnswer), nextCursor });
export const pingsAnswer = z.strictObject({ deliveries: z.array(deliveryAnswer) });
export const callbackSecretsAnswer = z.strictObject({ secrets: z.array(z.string()) });

const key = {
  id: z.string(),
  name: z.string(),
  ownerId: z.int(),
  scopes: z.array(z.string()),
  projects: maybe(z.array(z.string())),
  planIds: maybe(z.array(idNumber)),
  parallelLimit: maybe(z.int()),
  createdAt: time,
  expiresAt: maybe(time),
  revokedAt: maybe(time),
};
export const keysAnswer = z.strictObject({ keys: z.array(z.strictObject(key)) });
export const keyAnswer = z.strictObject(key);
/** The token is shown in this answer and never again. */
export const newKeyAnswer = z.strictObject({ ...key, token: z.string() });

const hook = {
  id: z.string(),
  name: z.string(),
  scheme: z.enum(hookSchemes),
  project: z.string(),
  plans: z.array(idNumber),
  enabled: z.boolean(),
  /** Where the sender posts to. */
  url: z.string(),
  /** Until when a replaced secret still opens it. */
  oldSecretUntil: z.nullable(z.string()),
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
};
export const hookAnswer = z.strictObject(hook);
export const hooksAnswer = z.strictObject({ hooks: z.array(z.strictObject(hook)) });
/** The secret is shown in this answer and never again; it is left out if the sender made it. */
export const newHookAnswer = z.strictObject({ ...hook, secret: z.optional(z.string()) });
const hookOutcomes = z.array(
  z.strictObject({
    planId: idNumber,
    outcome: z.enum(['started', 'repeated', 'ignored', 'refused']),
    runId: z.optional(idNumber),
    reason: z.optional(z.string()),
  }),
);
/** `POST /hooks/{hookId}`: what the call was about and became of it, or that it was a ping. */
export const receivedAnswer = z.strictObject({
  hook: z.string(),
  event: z.optional(z.string()),
  ping: z.optional(z.literal(true)),
  outcomes: hookOutcomes,
});
export const hookCallsAnswer = z.strictObject({
  calls: z.array(
    z.strictObject({
      deliveryId: z.string(),
      event: z.string(),
      about: z.string(),
      outcomes: hookOutcomes,
      receivedAt: z.string(),
    }),
  ),
});

/** The attempt that is looked at, or is over. */
export const lookAnswer = z.strictObject({ runId: idNumber, attempt: z.int() });
export const acceptedAnswer = z.strictObject({ runId: idNumber, attempt: z.int(), folded: z.boolean() });

/** RFC 9457, with `code` to branch on; `late` beside RUN_COMPLETED. */
export const problemAnswer = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  requestId: z.string(),
  runId: z.optional(idNumber),
  late: z.optional(z.literal(true)),
  errors: z.optional(
    z.array(
      z.strictObject({
        field: z.string(),
        message: z.string(),
        rejectedValue: z.optional(maybe(z.union([z.string(), z.number(), z.boolean()]))),
      }),
    ),
  ),
});

/** `POST /v1/events`. */
export const eventAnswer = z.strictObject({ id: z.string() });

export const scheduleAnswer = z.strictObject({
  id: idNumber,
  version: z.int(),
  planId: idNumber,
  project: z.string(),
  name: z.string(),
  comments: maybe(z.string()),
  status: z.enum(['active', 'paused']),
  ...timingMembers,
  config: maybe(z.strictObject({ name: z.optional(z.string()), id: z.optional(idNumber) })),
  environmentId: maybe(idNumber),
  variables: z.record(z.string(), z.string()),
  buildNo: maybe(z.string()),
  overlap: maybe(z.enum(overlaps)),
  missed: z.enum(missedWords),
  maxLatenessSeconds: z.int(),
  jitterSeconds: z.int(),
  /** The next occurrence; null while it is paused. */
  nextAt: maybe(time),
  /** `plan`: it comes from the plan's document, and is changed there. */
  source: z.enum(['api', 'plan']),
  createdAt: time,
  updatedAt: time,
  createdBy: z.int(),
  updatedBy: z.int(),
  links: z.strictObject({ self: url, plan: url, occurrences: url, preview: url }),
});
export const schedulesAnswer = z.strictObject({ schedules: z.array(scheduleAnswer), nextCursor });

export const occurrencesAnswer = z.strictObject({
  occurrences: z.array(
    z.strictObject({
      scheduledAt: time,
      /** Of several missed in a row the last, and how many they are. */
      lastScheduledAt: time,
      count: z.int(),
      state: z.enum(occurrenceStates),
      code: maybe(z.string()),
      explanation: z.string(),
      runId: maybe(idNumber),
      recordedAt: time,
      links: z.strictObject({ run: maybe(url) }),
    }),
  ),
  nextCursor,
});

export const previewAnswer = z.strictObject({
  ...timingMembers,
  /** Of the plan's runs, if there were any. */
  usualSeconds: maybe(z.int()),
  occurrences: z.array(
    z.strictObject({
      at: time,
      /** On the clocks of the zone. */
      local: z.string(),
      offset: z.string(),
      /** `gap`: moved to the first time after a gap of the clock. `fold`: that clock time occurs twice; this is the first. */
      kind: z.enum(['normal', 'gap', 'fold']),
      /** Its run usually takes until after the next occurrence. */
      runsIntoNext: z.boolean(),
      /** Other schedules of the plan that are due while its run usually goes on, or whose run it falls into. */
      clashes: z.array(z.strictObject({ scheduleId: idNumber, name: z.string(), at: time })),
    }),
  ),
});
