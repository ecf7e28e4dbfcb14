import * as z from 'zod/mini';
import { invalidField } from '../../core/errors.ts';
import { id, parse } from '../../core/schema.ts';
import type { ConfigName } from '../../core/selection.ts';
import { readJson } from '../json.ts';
import type { HttpRequest } from '../message.ts';
import { planIdNames } from './plan-id.ts';
import { type RerunBody, readRerun } from './rerun-request.ts';

/** What a trigger and a rerun may both say. */
interface RunSettings {
  readonly environmentId?: number;
  readonly buildNo?: string;
  readonly runtimeData?: Readonly<Record<string, string>>;
  readonly uploadVersions?: Readonly<Record<string, string>>;
}

export type TriggerBody = { readonly settings: RunSettings } & (
  | {
      readonly planId: number;
      /** A saved selection by name, id or both. */
      readonly config?: ConfigName;
      readonly rerun?: never;
    }
  | { readonly planId?: number; readonly rerun: RerunBody }
);

/**
 * The body of a trigger or rerun (contracts/testsigma.md 3.2, 3.3). Null is absence and unknown keys are ignored.
 * INVALID_JSON or VALIDATION_FAILED, which shows no value of the secret fields.
 */
export function readTriggerBody(request: Pick<HttpRequest, 'body'>): TriggerBody {
  const value = withoutNulls(readJson(request, { keepDigits: ['buildNo'] }) ?? {});
  const body = parse(triggerSchema, value, ['runtimeData', 'uploadVersions']);
  const { environmentId, buildNo, runtimeData, uploadVersions, executionConfig: config } = body;
  const settings: RunSettings = {
    ...(environmentId === undefined ? {} : { environmentId }),
    ...(buildNo === undefined ? {} : { buildNo }),
    ...(runtimeData === undefined ? {} : { runtimeData }),
    ...(uploadVersions === undefined ? {} : { uploadVersions }),
  };
  const planId = onePlanId(body);
  if (body.isReRun === true) {
    return { settings, rerun: readRerun(value), ...(planId === undefined ? {} : { planId }) };
  }
  if (planId === undefined) throw invalidField('executionId', 'is required: the id of a test plan');
  return { settings, planId, ...(config === undefined ? {} : { config }) };
}

/** A value as text; undefined if it is none of text, truth value and number that text can hold exactly. */
type ToText = (value: unknown) => string | undefined;

const runtimeText: ToText = (value) => {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return isExact(value) ? String(value) : undefined;
  // No process takes a variable with NUL in it.
  return typeof value === 'string' && !value.includes('\0') ? value : undefined;
};

const versionText: ToText = (value) => {
  const text = typeof value === 'number' && isExact(value) ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const trimmed = text.trim();
  return trimmed !== '' && trimmed.length <= 255 ? trimmed : undefined;
};

const runtimeData = texts(runtimeText, 'text, numbers up to 2^53, true and false, under names without an equals sign');
const uploadVersions = texts(versionText, 'ids as text or numbers, under the ids of devices');

const executionConfig = z
  .object({ name: z.optional(z.nullable(z.string())), id: z.optional(z.nullable(id)) }, { error: 'must be an object' })
  .check(z.refine(({ name, id }) => Boolean(name ?? id), { error: 'must have a name or an id' }));

const triggerSchema = z.object(
  {
    executionId: z.optional(id),
    testPlanId: z.optional(id),
    executionid: z.optional(id),
    environmentId: z.optional(id),
    buildNo: z.optional(
      z
        .string({ error: 'must be text or a number' })
        // The table refuses half a surrogate pair.
        .check(z.maxLength(255), z.regex(/^\P{Cs}*$/u, { error: 'must be valid Unicode' })),
    ),
    runtimeData: z.optional(runtimeData),
    uploadVersions: z.optional(uploadVersions),
    isReRun: z.optional(z.boolean({ error: 'must be true or false' })),
    executionConfig: z.optional(
      z.pipe(
        executionConfig,
        z.transform(({ name, id }) => ({ ...(name ? { name } : {}), ...(id ? { id } : {}), field: 'executionConfig' })),
      ),
    ),
  },
  { error: 'must be a JSON object' },
);

function texts(toText: ToText, what: string) {
  return z.pipe(
    z.record(z.string(), z.unknown(), { error: 'must be an object' }),
    z.transform((given, context): Record<string, string> => {
      const kept = Object.entries(given).map(([name, value]) => [name, isName(name) ? toText(value) : undefined]);
      const wrong = kept.find(([, text]) => text === undefined);
      if (wrong === undefined) return Object.fromEntries(kept);
      const message = `must hold ${what}; ${JSON.stringify(wrong[0]?.slice(0, 50))} does not fit`;
      context.issues.push({ code: 'custom', message, input: given });
      return z.NEVER;
    }),
  );
}

/** A name a variable may have. */
export function isName(name: string): boolean {
  return name.length > 0 && name.length <= 255 && !name.includes('=') && !name.includes('\0');
}

function isExact(number: number): boolean {
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
}

function onePlanId(body: { readonly [N in (typeof planIdNames)[number]]?: number | undefined }): number | undefined {
  const given = planIdNames.filter((name) => body[name] !== undefined);
  const planId = given[0] && body[given[0]];
  const other = given.find((name) => body[name] !== planId);
  if (other !== undefined) throw invalidField(other, `names another plan than ${given[0]}`, body[other] ?? null);
  return planId;
}

/** An empty environment is what scripts send for none. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const isAbsent = (name: string, member: unknown): boolean =>
    member === null || (name === 'environmentId' && typeof member === 'string' && member.trim() === '');
  return Object.fromEntries(Object.entries(value).filter(([name, member]) => !isAbsent(name, member)));
}
