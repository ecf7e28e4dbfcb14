import * as z from 'zod/mini';
import { deliveryFormats, notifyTypes, subscriptionKey } from './delivery.ts';
import { eventTrigger, nameOfTrigger, triggersItself } from './event-trigger.ts';
import { executorSettings } from './executor-settings.ts';
import { repositoryName } from './github.ts';
import { overlaps } from './overlap.ts';
import { checkPrerequisites } from './prerequisite-graph.ts';
import { type PlanSchedule, planSchedule } from './schedule/schedule-form.ts';
import { id, parse } from './schema.ts';
import { secretReference } from './secret-reference.ts';
import { webhookRule } from './webhook-rules.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const seconds = (least: number, most: number) => z.int().check(z.gte(least), z.lte(most));
const variables = z.record(
  z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name: letters, digits and _')),
  z.string().check(z.maxLength(4096)),
);

const prerequisite = z.union(
  [
    text(500),
    z.strictObject({
      suite: text(500),
      name: text(500),
      className: z.optional(z.string().check(z.maxLength(500))),
    }),
  ],
  { error: 'must be the name of a case of the same suite, or { suite, name, className }' },
);

const testCase = z.strictObject({
  name: text(500),
  className: z._default(z.string().check(z.maxLength(500)), ''),
  /** Names of the data sets; a case that has some is data-driven. */
  iterations: z._default(z.array(text(500)).check(z.maxLength(1000)), []),
  tags: z._default(z.array(text(100)).check(z.maxLength(50)), []),
  assignee: z.optional(id),
  reviewedBy: z.optional(id),
  type: z.optional(text(100)),
  priority: z.optional(text(100)),
  /** The requirement's id, as `requirementId` of a saved selection names it. */
  requirement: z.optional(text(200)),
  requirementType: z.optional(text(100)),
  /** Cases that must have passed before this one runs. */
  prerequisites: z.optional(z.array(prerequisite).check(z.maxLength(100))),
});

const suite = z.strictObject({
  name: text(500),
  /** Suites that must have passed before a case of this one runs. */
  prerequisites: z.optional(z.array(text(500)).check(z.maxLength(100))),
  cases: z._default(z.array(testCase).check(z.maxLength(20_000)), []),
});

const isTitle = /^(?!\s)[^\p{C}\p{Zl}\p{Zp}<>]{1,100}(?<!\s)$/u;
const machineTitle = z.string().check(z.regex(isTitle, 'must be 1 to 100 printable characters without < and >'));

/** A lane of the plan: every case runs, counts and is rerun on each of them. Its title alone, or with its environment. */
const machine = z.pipe(
  z.union([machineTitle, z.strictObject({ title: machineTitle, environment: z.optional(id) })], {
    error: 'must be a title of 1 to 100 printable characters without < and >, or { title, environment }',
  }),
  z.transform((given): Machine => (typeof given === 'string' ? { title: given } : given)),
);
export interface Machine {
  readonly title: string;
  /** Id of the environment whose variables and slots the lane has. */
  readonly environment?: number | undefined;
}

const operation = z.enum(['IN', 'NOT_IN']);
/** One condition of a saved selection (contracts/testsigma.md 4.6). */
const condition = z.discriminatedUnion('key', [
  z.strictObject({
    /** `suiteId` is the suite's number in the catalog; the others are numbers of people. */
    key: z.enum(['suiteId', 'reviewedBy', 'assignee', 'createdById']),
    value: z.array(id).check(z.maxLength(1000)),
    operation,
  }),
  z.strictObject({
    key: z.enum(['tags', 'type', 'priority', 'requirementId', 'requirementType']),
    value: z.array(z.union([text(200), z.int()])).check(z.maxLength(1000)),
    operation,
  }),
]);

export type Condition = z.output<typeof condition>;

/** All must hold. */
const query = z.array(condition).check(z.minLength(1), z.maxLength(50));
/** A saved selection as its own request writes it. */
export const configBody = z.strictObject({ name: text(255), query });

const savedConfig = z.strictObject({
  /** Given only to pin the number; otherwise one is allocated, which the name keeps over versions of the plan. */
  id: z.optional(id),
  name: text(255),
  query,
});
export type ConfigDocument = z.output<typeof savedConfig>;
/** A saved selection of test cases, to run just these. */
export type SavedConfig = ConfigDocument & { readonly id: number };

const executionSettings = z.strictObject({
  pageTimeoutSeconds: z._default(seconds(1, 3600), 30),
  elementTimeoutSeconds: z._default(seconds(1, 3600), 30),
  screenshots: z._default(z.enum(['FAILED_STEPS', 'ALL_TYPES', 'NONE']), 'FAILED_STEPS'),
  recoveryAction: z._default(z.enum(['Run_Next_Testcase', 'Run_Next_Step']), 'Run_Next_Testcase'),
  onAborted: z._default(z.enum(['Reuse_Session', 'Restart_Session']), 'Reuse_Session'),
  onSuitePrerequisiteFail: z._default(z.enum(['Abort', 'Continue']), 'Abort'),
  onCasePrerequisiteFail: z._default(z.enum(['Abort', 'Continue']), 'Abort'),
  onStepPrerequisiteFail: z._default(z.enum(['Run_Next_Testcase', 'Run_Next_Step']), 'Run_Next_Testcase'),
});
/** What an executor that drives a browser is told about waiting, pictures and recovery. */
export type ExecutionSettings = z.output<typeof executionSettings>;

const rerun = z.strictObject({
  /** `failed` reruns the cases that ended as `on` says, and those a runner did not run because of them; `none` none. */
  which: z._default(z.enum(['failed', 'none']), 'failed'),
  /** Automatic reruns at most. */
  max: z._default(z.int().check(z.gte(0), z.lte(10)), 0),
  on: z._default(z.array(z.enum(['failed', 'errored'])).check(z.minLength(1), z.maxLength(2)), ['failed', 'errored']),
});
export type RerunPolicy = z.output<typeof rerun>;

/** Attempts the executor lost, or nobody took, are dispatched again within the run; no rerun is used up by it. */
const redispatch = z.strictObject({
  /** Redispatches at most; 0 ends the run with the first such failure. */
  max: z._default(z.int().check(z.gte(0), z.lte(5)), 1),
});
export type RedispatchPolicy = z.output<typeof redispatch>;

/** Defaults are those of reliability.md section 6. */
const deadlines = z.strictObject({
  /** Waiting for earlier runs of the plan. */
  queueSeconds: z._default(seconds(1, 604_800), 86_400),
  /** From admission, or release from the queue, to an executor that accepted. */
  startSeconds: z._default(seconds(1, 86_400), 300),
  /** From the first dispatch to the end, reruns included. */
  runSeconds: z._default(seconds(1, 86_400), 14_400),
  /** Without any sign of life. */
  inactivitySeconds: z._default(seconds(1, 86_400), 900),
  /** For an executor to confirm a stop. */
  stopSeconds: z._default(seconds(1, 3600), 60),
});
export type Deadlines = z.output<typeof deadlines>;

/** Who is told what by a signed POST (Standard Webhooks). */
const subscription = z.strictObject({
  /** Tells it apart from the plan's others; its URL does without. */
  name: z.optional(text(100)),
  url: text(2048),
  /** How the message is written, `standard` unless given; it is signed the same way. */
  format: z.optional(z.enum(deliveryFormats)),
  on: z.array(z.enum(notifyTypes)).check(z.minLength(1), z.maxLength(notifyTypes.length)),
  /** Where the signing secret (`whsec_…`) is. */
  secret: secretReference,
  /** While receivers change over from one secret to the next, both sign. */
  previousSecret: z.optional(secretReference),
});

/** Shows at a commit how the runs about it stand. What an executor of GitHub says of itself need not be said again. */
const commitStatus = z.strictObject({
  repository: z.optional(repositoryName),
  /** May write commit statuses of the repository. */
  token: z.optional(secretReference),
  /** Tells the status apart from others; `proctor/<name of the plan>` unless given. */
  context: z.optional(text(255)),
  apiUrl: z.optional(text(2048)),
});

/** What starts runs by itself. */
const triggers = z.strictObject({
  /** Asked in order when one of the plan's hooks is called: the first that fits starts a run. */
  webhooks: z._default(z.array(webhookRule).check(z.maxLength(50)), []),
  /** Events on the bus. */
  events: z._default(z.array(eventTrigger).check(z.maxLength(20)), []),
});

const defaultsOf = <T extends z.ZodMiniType>(schema: T) => z.prefault(schema, {} as never);

/** A test plan as people write it, in YAML or JSON. Unknown keys are refused, so that a typo is found at once. */
export const planSchema = z
  .strictObject({
    /** Given only to pin the number; otherwise one is allocated. */
    id: z.optional(id),
    /** Report pages of the vendors' plugins print it unescaped (contracts/testinium.md T20). */
    name: text(255).check(z.regex(/^[^<>\p{Cc}]*$/u, 'must not contain <, > or control characters')),
    project: z._default(
      z
        .string()
        .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/, 'must be 1 to 100 letters, digits, blanks or . _ -')),
      'default',
    ),
    description: z.optional(z.nullable(z.string().check(z.maxLength(2000)))),
    enabled: z._default(z.boolean(), true),
    executor: executorSettings,
    /** Unless set, what the API says a run is triggered by: `queue`, on the Testinium API `reject`. */
    overlap: z.optional(z.enum(overlaps)),
    rerun: defaultsOf(rerun),
    redispatch: defaultsOf(redispatch),
    deadlines: defaultsOf(deadlines),
    settings: defaultsOf(executionSettings),
    variables: z._default(variables, {}),
    environment: z.optional(id),
    machines: z._default(z.array(machine).check(z.maxLength(20)), []),
    suites: z._default(z.array(suite).check(z.maxLength(2000)), []),
    /** Names may repeat; who triggers by such a name is told to use the id. Left out, the plan keeps what it has. */
    configs: z.optional(z.array(savedConfig).check(z.maxLength(200))),
    /** When the plan runs by itself. Left out, it keeps what it has. */
    schedules: z.optional(z.array(planSchedule).check(z.maxLength(50))),
    notify: z._default(z.array(subscription).check(z.maxLength(20)), []),
    commitStatus: z.optional(commitStatus),
    /** Who may see the badge of its newest result: everybody, or, unless given, nobody. */
    badge: z.optional(z.enum(['public', 'private'])),
    triggers: defaultsOf(triggers),
  })
  .check((context) => {
    const { suites, configs = [], machines, notify, triggers, schedules = [] } = context.value;
    const found = [
      duplicateNames(suites),
      duplicateIds(configs),
      duplicateTitles(machines),
      duplicateSubscriptions(notify),
      statusWithoutToken(context.value),
      duplicateTriggers(triggers.events),
      triggersItself(context.value),
      duplicateSchedules(schedules),
      checkPrerequisites(suites),
    ];
    for (const issue of found.flat()) {
      context.issues.push({ code: 'custom', message: issue.message, path: issue.path, input: context.value });
    }
  });

export type PlanDocument = z.output<typeof planSchema>;

/** A plan as stored: the document, and what the service knows of it. Times are epoch milliseconds. */
export interface Plan extends Omit<PlanDocument, 'configs' | 'schedules'> {
  readonly id: number;
  readonly configs: SavedConfig[];
  readonly schedules: PlanSchedule[];
  readonly version: number;
  readonly projectId: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Owner number of the keys that made and changed it. */
  readonly createdBy: number;
  readonly updatedBy: number;
}

/** The document a plan was made from. */
export function documentOf(plan: Plan): PlanDocument {
  const { version, projectId, createdAt, updatedAt, createdBy, updatedBy, ...document } = plan;
  return document;
}

/** The plan in the value, defaults filled in. Throws VALIDATION_FAILED naming each wrong field. */
export function parsePlan(value: unknown): PlanDocument {
  return parse(planSchema, value, ['variables']);
}

function statusWithoutToken({ commitStatus, executor }: Pick<PlanDocument, 'commitStatus' | 'executor'>) {
  if (commitStatus === undefined || commitStatus.token !== undefined || executor.type === 'github-actions') return [];
  return [{ path: ['commitStatus', 'token'], message: 'must be given unless the executor is github-actions' }];
}

function duplicateIds(configs: readonly ConfigDocument[]): { path: (string | number)[]; message: string }[] {
  const seen = new Set<number>();
  return configs.flatMap(({ id }, i) => {
    if (id === undefined || !seen.has(id)) {
      if (id !== undefined) seen.add(id);
      return [];
    }
    return [{ path: ['configs', i, 'id'], message: 'is used by an earlier configuration' }];
  });
}

function duplicateTitles(machines: readonly Machine[]): { path: (string | number)[]; message: string }[] {
  const seen = new Set<string>();
  return machines.flatMap(({ title }, i) =>
    seen.size === seen.add(title).size ? [{ path: ['machines', i], message: 'is used by an earlier machine' }] : [],
  );
}

function duplicateSchedules(schedules: readonly { name: string }[]): { path: (string | number)[]; message: string }[] {
  const seen = new Set<string>();
  return schedules.flatMap(({ name }, i) =>
    seen.size === seen.add(name).size
      ? [{ path: ['schedules', i, 'name'], message: 'is used by an earlier schedule' }]
      : [],
  );
}

function duplicateSubscriptions(notify: PlanDocument['notify']): { path: (string | number)[]; message: string }[] {
  const seen = new Set<string>();
  return notify.flatMap((subscription, i) => {
    const key = subscriptionKey(subscription);
    if (seen.has(key)) {
      const field = subscription.name === undefined ? 'url' : 'name';
      return [{ path: ['notify', i, field], message: 'is used by an earlier subscription; give each its own name' }];
    }
    seen.add(key);
    return [];
  });
}

function duplicateTriggers(
  events: PlanDocument['triggers']['events'],
): { path: (string | number)[]; message: string }[] {
  const seen = new Set<string>();
  return events.flatMap((trigger, i) => {
    if (seen.size !== seen.add(nameOfTrigger(trigger)).size) return [];
    const [field, message] =
      trigger.name === undefined
        ? ['pattern', 'is that of an earlier trigger; leave one out, or name them']
        : ['name', 'is used by an earlier trigger'];
    return [{ path: ['triggers', 'events', i, field], message }];
  });
}

function duplicateNames(suites: PlanDocument['suites']): { path: (string | number)[]; message: string }[] {
  const found: { path: (string | number)[]; message: string }[] = [];
  const suiteNames = new Set<string>();
  suites.forEach((suite, s) => {
    if (suiteNames.has(suite.name)) found.push({ path: ['suites', s, 'name'], message: 'is used by an earlier suite' });
    suiteNames.add(suite.name);
    const caseNames = new Set<string>();
    suite.cases.forEach((testCase, c) => {
      const key = `${testCase.className}\u001f${testCase.name}`;
      const path = ['suites', s, 'cases', c];
      if (caseNames.has(key))
        found.push({ path: [...path, 'name'], message: 'is used by an earlier case of this suite' });
      caseNames.add(key);
      if (new Set(testCase.iterations).size !== testCase.iterations.length) {
        found.push({ path: [...path, 'iterations'], message: 'names must differ' });
      }
    });
  });
  return found;
}
