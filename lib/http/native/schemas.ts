import * as z from 'zod/mini';
import { commit } from '../../core/github.ts';
import { hookSchemes } from '../../core/hook.ts';
import { overrideResults } from '../../core/override.ts';
import { reportedCases } from '../../core/reported-case.ts';
import { rerunTypes } from '../../core/run.ts';
import { id } from '../../core/schema.ts';
import { secretReference } from '../../core/secret-reference.ts';
import { scopes } from '../message.ts';

const variableName = z
  .string()
  .check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name: letters, digits and _'));
const variableValue = z.string().check(z.maxLength(4096));
const projectName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/, 'must be 1 to 100 letters, digits, blanks or . _ -'));
const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const parallel = z.int().check(z.gte(1), z.lte(10_000));
const absent = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));
const variables = z._default(
  z
    .array(
      z.strictObject({
        key: variableName,
        value: absent(variableValue),
        /** Where the value is, instead of it; read when a run is dispatched, and secret. */
        valueFrom: absent(secretReference),
        secret: absent(z.boolean()),
      }),
    )
    .check(z.maxLength(200)),
  [],
);
/** How many runs may use it at one time; null is any number. */
const capacity = absent(z.int().check(z.gte(1), z.lte(10_000)));

const caseName = {
  suite: text(500),
  className: absent(z.string().check(z.maxLength(500))),
  name: text(500),
  /** Title of a machine of the plan; without it the case is meant on every machine. */
  machine: absent(text(100)),
};

const runSettings = {
  environmentId: absent(id),
  buildNo: absent(z.string().check(z.maxLength(255))),
  /** What is tested. Where the plan has a `commitStatus`, the run shows there how it stands. */
  commit: absent(commit),
  /** Environment variables of the tests, over those of the environment and the plan. */
  runtimeData: absent(z.record(variableName, variableValue)),
  /** Versions of what is tested, by name. */
  uploadVersions: absent(z.record(text(255), z.string().check(z.maxLength(255)))),
};

/** `POST /v1/plans/{planId}/runs`. */
export const triggerBody = z.strictObject({
  ...runSettings,
  /** A saved selection of the plan, by name, id or both. */
  config: absent(
    z
      .strictObject({ name: z.optional(text(255)), id: z.optional(id) })
      .check(
        z.refine(({ name, id }) => name !== undefined || id !== undefined, { error: 'must have a name or an id' }),
      ),
  ),
  /** Just these cases. */
  cases: absent(
    z
      .array(z.strictObject({ ...caseName, iterations: z.optional(z.array(text(500)).check(z.maxLength(1000))) }))
      .check(z.maxLength(20_000)),
  ),
  /** Gets `run.completed` by a signed POST when the run has ended. It may hold a secret: it is kept encrypted. */
  callbackUrl: absent(text(2048)),
});

/** `POST /v1/runs/{runId}/rerun`. What it leaves out is taken over from the run. */
export const rerunBody = z.strictObject({
  ...runSettings,
  which: z._default(z.enum(rerunTypes), 'failed'),
  /** With `picked`: cases by name, or by the id of a result of the chain. */
  cases: absent(
    z
      .array(
        z.union([
          z.strictObject({ ...caseName, iterations: pickedIterations(text(500)) }),
          z.strictObject({ resultId: id, iterations: pickedIterations(id) }),
        ]),
      )
      .check(z.maxLength(20_000)),
  ),
});

/** `POST /v1/events`. */
export const eventBody = z.strictObject({
  /** Who says it, as in `com.acme.deployer`. */
  source: text(256),
  /** What happened, as in `Run Requested`. */
  detailType: text(128),
  detail: z.record(z.string(), z.unknown()),
  /** The same event sent again has the same id, and is heard once. */
  id: absent(text(255)),
  time: absent(z.iso.datetime({ offset: true, error: 'must be a time as in 2027-01-31T12:00:00Z' })),
});

/** `POST /v1/plans/{planId}/notify/test`. */
export const pingBody = z.strictObject({
  /** Of the subscription to test, or its URL if it has no name; without it, all of the plan. */
  name: absent(text(2048)),
});

/** `POST /v1/environments`. */
export const environmentBody = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(255)),
  description: absent(z.string().check(z.maxLength(2000))),
  project: z._default(projectName, 'default'),
  variables,
  enabled: z._default(z.boolean(), true),
  capacity,
});

/** `PUT /v1/environments/{environmentId}`: a variable without value and reference keeps its own, as secret as it was. */
export const environmentChange = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(255)),
  description: absent(z.string().check(z.maxLength(2000))),
  project: z.optional(projectName),
  variables,
  enabled: z._default(z.boolean(), true),
  capacity,
});

/** `PUT /v1/projects/{project}`. */
export const projectBody = z.strictObject({
  /** How many of its runs may go on at once; null is any number. */
  parallelRuns: z.nullable(parallel),
});

/** `POST /v1/keys`. Without projects or plans the key gets those of its maker; plans alone bring their projects. */
export const keyBody = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(255)),
  scopes: z.array(z.enum(scopes)).check(z.minLength(1), z.maxLength(scopes.length)),
  /** Null is all, or those of its plans. */
  projects: absent(z.array(projectName).check(z.minLength(1), z.maxLength(100))),
  /** Null is all of its projects. */
  planIds: absent(z.array(id).check(z.minLength(1), z.maxLength(100))),
  /** How many of the runs it triggers may go on at once; the others wait. */
  parallelLimit: absent(parallel),
  expiresAt: absent(z.iso.datetime({ offset: true, error: 'must be a time as in 2027-01-31T12:00:00Z' })),
});

/** Which iterations of a picked case run again: all, those with such a result, or just these. */
function pickedIterations<T extends z.ZodMiniType>(one: T) {
  const list = z.array(one).check(z.minLength(1), z.maxLength(1000));
  return z._default(z.union([z.enum(['all', 'failed', 'passed']), list]), 'all' as never);
}

const hookPlans = z.array(id).check(z.minLength(1), z.maxLength(20));
/** What the sender signs with, if it makes the secret; else one is made. */
const hookSecret = absent(z.string().check(z.minLength(16), z.maxLength(200), z.regex(/^[!-~]+$/)));

/** `POST /v1/hooks`. */
export const hookBody = z.strictObject({
  name: text(255),
  /** How the sender signs: `gitlab` is its signing token, `gitlab-token` the older plain one. */
  scheme: z.enum(hookSchemes),
  /** Plans of one project whose webhook rules are asked. */
  plans: hookPlans,
  secret: hookSecret,
});

/** `PUT /v1/hooks/{hookId}`. What is left out stays. */
export const hookChange = z.strictObject({
  name: z.optional(text(255)),
  plans: z.optional(hookPlans),
  enabled: z.optional(z.boolean()),
});

/** `POST /hooks/{hookId}`: as the sender writes it (docs/webhooks.md). */
export const hookCall = z.record(z.string(), z.unknown());

/** `POST /v1/hooks/{hookId}/rotate`. */
export const rotateHookBody = z.strictObject({ secret: hookSecret });

/** `POST /v1/runs/{runId}/override`. */
export const overrideBody = z.strictObject({
  cases: z
    .array(
      z.strictObject({
        /** Of the case in this run; an iteration has none that could be overridden alone. */
        resultId: id,
        result: z.enum(overrideResults),
        comment: absent(z.string().check(z.maxLength(2000))),
      }),
    )
    .check(z.minLength(1), z.maxLength(5000)),
});

/** Ids the service uses itself for what it concludes about an attempt. */
const reservedBatchIds = new Set(['dispatch', 'garbage', 'stop']);

export const batchId = z.string().check(
  z.regex(/^[A-Za-z0-9._:/+=-]{1,200}$/, 'must be 1 to 200 letters, digits or . _ : / + = -'),
  z.refine((text) => !reservedBatchIds.has(text), 'is reserved'),
);
const batchSeq = z.int().check(z.gte(0), z.lte(1_000_000_000));

/** A batch of results, from an executor or a CI job. Unknown keys are dropped, so that newer executors get along. */
export const resultsBody = z.object({
  /** The same id with the same content counts once. */
  batchId: absent(batchId),
  /** Order among the batches of the attempt: the last result of a case wins. */
  seq: absent(batchSeq),
  /** The attempt is over. */
  final: absent(z.boolean()),
  /** How many distinct cases the attempt has reported in all its batches; one less and the run is not green. */
  expectedCases: absent(z.int().check(z.gte(0), z.lte(10_000_000))),
  /** The attempt is over and something went wrong besides its tests. */
  error: absent(z.string()),
  cases: z._default(reportedCases, []),
});
