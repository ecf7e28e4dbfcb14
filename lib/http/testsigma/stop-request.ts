import * as z from 'zod/mini';
import { invalidField } from '../../core/errors.ts';
import { id, parse, parseId } from '../../core/schema.ts';
import { readJson } from '../json.ts';
import type { HttpRequest } from '../message.ts';
import { planIdNames } from './plan-id.ts';

export interface StopRequest {
  readonly runId?: number;
  readonly planId?: number;
  /** Everything that fits, not just the one run that does. */
  readonly stopsAll: boolean;
}

/** A stop's path and body (contracts/testsigma.md 3.5). Null is absence and unknown keys are ignored. */
export function readStopRequest({ params, body }: Pick<HttpRequest, 'params' | 'body'>): StopRequest {
  const given = parse(stopSchema, readJson({ body }) ?? {});
  const runId = oneId([['id', readPathId(params.id)], ...idsOf(given, runIdNames)], 'run');
  const planId = oneId(idsOf(given, planIdNames), 'plan');
  return {
    stopsAll: given.canStopAll ?? true,
    ...(runId === undefined ? {} : { runId }),
    ...(planId === undefined ? {} : { planId }),
  };
}

const runIdNames = ['id', 'executionResultId'] as const;
const maybeId = z.optional(z.nullable(id));

const stopSchema = z.object(
  {
    result: z.literal('STOPPED', { error: 'must be STOPPED' }),
    canStopAll: z.optional(z.nullable(z.boolean({ error: 'must be true or false' }))),
    id: maybeId,
    executionResultId: maybeId,
    executionId: maybeId,
    testPlanId: maybeId,
    executionid: maybeId,
  },
  { error: 'must be a JSON object' },
);

type Named = readonly [name: string, id: number | null | undefined];

function idsOf<N extends string>(
  body: { readonly [K in N]?: number | null | undefined },
  names: readonly N[],
): Named[] {
  return names.map((name) => [name, body[name]]);
}

/** Several names may give one id: saying it twice is fine, naming two things is not. */
function oneId(named: readonly Named[], what: string): number | undefined {
  const [first, ...others] = named.flatMap(([name, id]) => (id == null ? [] : [{ name, id }]));
  const other = others.find(({ id }) => id !== first?.id);
  if (other !== undefined) throw invalidField(other.name, `names another ${what} than ${first?.name}`, other.id);
  return first?.id;
}

function readPathId(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const runId = parseId(text);
  if (runId === undefined) throw invalidField('id', 'must be a positive integer', text.slice(0, 100));
  return runId;
}
