import { deliveryStates } from '../../core/delivery.ts';
import { caseResults } from '../../core/results.ts';
import { maxId } from '../../core/schema.ts';

/** A parameter of the query or a header, as the OpenAPI document tells it. */
export interface Parameter {
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

export function text(description: string): Parameter {
  return { description, schema: { type: 'string' } };
}

export function number(description: string, most: number = maxId, usual?: number): Parameter {
  const schema = { type: 'integer', minimum: 1, maximum: most };
  return { description, schema: usual === undefined ? schema : { ...schema, default: usual } };
}

export function flag(description: string, usual: boolean): Parameter {
  return { description, schema: { type: 'boolean', default: usual } };
}

export const page = {
  cursor: text('The `nextCursor` of the page before.'),
  limit: number('How many a page at most.', 200, 50),
};
export const ifMatch = { 'If-Match': text('The version that is meant; another one is 409 `VERSION_CONFLICT`.') };
export const ifNoneMatch = { 'If-None-Match': text('The version that is known already.') };
export const idempotencyKey = {
  'Idempotency-Key': text('The same key and request get the same run, with `Idempotent-Replayed: true`.'),
};

export const ofPlan = number('Of this plan only.');
export const ofRun = number('Of this run only.');
export const ofProject = text('Of this project only.');
export const runStatus = word('Of runs that stand there.', ['queued', 'running', 'stopping', 'completed']);
export const deliveryState = word('Of deliveries that stand there.', deliveryStates);
export const caseResult: Parameter = {
  description: 'One or more results, with commas.',
  schema: { type: 'array', items: { type: 'string', enum: caseResults } },
};
export const expireOldAfter: Parameter = {
  description: 'The old key ends then; without it, it lives until it is revoked.',
  schema: { type: 'integer', minimum: 0, maximum: 2_592_000 },
};

export const uploadQuery = {
  final: flag('JUnit XML only: `false` if more of the attempt follows.', true),
  batchId: text('JUnit XML only: as in JSON.'),
  seq: { description: 'JUnit XML only: as in JSON.', schema: { type: 'integer', minimum: 0, maximum: 999_999_999 } },
};

function word(description: string, words: readonly string[]): Parameter {
  return { description, schema: { type: 'string', enum: words } };
}
