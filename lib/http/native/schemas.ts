import * as z from 'zod/mini';
import { reportedCases } from '../../core/reported-case.ts';
import { id } from '../../core/schema.ts';
import { scopes } from '../message.ts';

const variableName = z
  .string()
  .check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name: letters, digits and _'));
const variableValue = z.string().check(z.maxLength(4096));
const projectName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/, 'must be 1 to 100 letters, digits, blanks or . _ -'));
const absent = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));

/** `POST /v1/plans/{planId}/runs`. */
export const triggerBody = z.strictObject({
  environmentId: absent(id),
  buildNo: absent(z.string().check(z.maxLength(255))),
  /** Environment variables of the tests, over those of the environment and the plan. */
  runtimeData: absent(z.record(variableName, variableValue)),
  /** Versions of what is tested, by name. */
  uploadVersions: absent(
    z.record(z.string().check(z.minLength(1), z.maxLength(255)), z.string().check(z.maxLength(255))),
  ),
});

/** `POST /v1/environments`. */
export const environmentBody = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(255)),
  description: absent(z.string().check(z.maxLength(2000))),
  project: z._default(projectName, 'default'),
  variables: z._default(
    z
      .array(z.strictObject({ key: variableName, value: variableValue, secret: z._default(z.boolean(), false) }))
      .check(z.maxLength(200)),
    [],
  ),
});

/** `PUT /v1/environments/{environmentId}`: a value of null keeps the stored one, as secret as it was. */
export const environmentChange = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(255)),
  description: absent(z.string().check(z.maxLength(2000))),
  project: z.optional(projectName),
  variables: z._default(
    z
      .array(z.strictObject({ key: variableName, value: z.nullable(variableValue), secret: z.optional(z.boolean()) }))
      .check(z.maxLength(200)),
    [],
  ),
});

/** `POST /v1/keys`. Without projects or plans the key gets those of its maker. */
export const keyBody = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(255)),
  scopes: z.array(z.enum(scopes)).check(z.minLength(1), z.maxLength(scopes.length)),
  /** Null is all. */
  projects: absent(z.array(projectName).check(z.minLength(1), z.maxLength(100))),
  /** Null is all of its projects. */
  planIds: absent(z.array(id).check(z.minLength(1), z.maxLength(100))),
  expiresAt: absent(z.iso.datetime({ offset: true, error: 'must be a time as in 2027-01-31T12:00:00Z' })),
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
