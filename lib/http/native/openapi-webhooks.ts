import planBecameFailed from '../../../docs/events/plan-became-failed.schema.json' with { type: 'json' };
import planRecovered from '../../../docs/events/plan-recovered.schema.json' with { type: 'json' };
import runCompleted from '../../../docs/events/run-completed.schema.json' with { type: 'json' };
import runStarted from '../../../docs/events/run-started.schema.json' with { type: 'json' };
import type { DeliveryType } from '../../core/delivery.ts';
import { maxId } from '../../core/schema.ts';

interface Webhook {
  /** Of its schemas. */
  readonly name: string;
  readonly summary: string;
  readonly data: object;
}

const text = { type: 'string' };
const id = { type: 'integer', minimum: 1, maximum: maxId };
const planUrl = { type: 'string', format: 'uri', description: 'The plan in the native API.' };
const pingData = {
  type: 'object',
  properties: { planId: id, planName: text, project: text, planUrl },
  required: ['planId', 'planName', 'project', 'planUrl'],
};

const webhooks: Readonly<Record<DeliveryType, Webhook>> = {
  'run.started': { name: 'RunStarted', summary: 'A run was taken by its executor', data: withPlanUrl(runStarted) },
  'run.completed': {
    name: 'RunCompleted',
    summary: 'A run ended. The `callbackUrl` of a single run gets the same, signed by `GET /v1/callback-secrets`',
    data: withPlanUrl(runCompleted),
  },
  'plan.became_failed': {
    name: 'PlanBecameFailed',
    summary: 'The first run of a plan that did not pass',
    data: withPlanUrl(planBecameFailed),
  },
  'plan.recovered': {
    name: 'PlanRecovered',
    summary: 'The first run of a plan that passed again',
    data: withPlanUrl(planRecovered),
  },
  'endpoint.ping': {
    name: 'EndpointPing',
    summary: 'Asks whether a subscription answers, by `POST /v1/plans/{planId}/notify/test`',
    data: pingData,
  },
};

/** A message as it was sent, by its type. */
export type WebhookExamples = Readonly<Record<string, { readonly standard: unknown; readonly cloudevents: unknown }>>;

/** What subscriptions of plans are sent. */
export function toWebhooks(examples: WebhookExamples): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(webhooks).map(([type, { name, summary }]) => {
      const { standard, cloudevents } = examples[type] ?? {};
      const content = {
        'application/json': { schema: refTo(`${name}Message`), example: standard },
        'application/cloudevents+json': { schema: refTo(`${name}CloudEvent`), example: cloudevents },
      };
      const post = {
        operationId: `on${name}`,
        tags: ['webhooks'],
        summary,
        security: [{ standardWebhooks: [] }],
        parameters: signatureHeaders,
        requestBody: { required: true, content },
        responses: answersOfReceivers,
      };
      return [type, { post }];
    }),
  );
}

export function toWebhookSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(webhooks).flatMap(([type, { name, data }]): [string, unknown][] => [
      [`${name}Data`, data],
      [`${name}Message`, messageOf(type, name)],
      [`${name}CloudEvent`, cloudEventOf(type, name)],
    ]),
  );
}

/** https://www.standardwebhooks.com, 1.0.0. */
const signatureHeaders = [
  { name: 'webhook-id', description: 'The same over every try and replay: drop one you have seen.', schema: text },
  { name: 'webhook-timestamp', description: 'When it was sent, in seconds since 1970.', schema: { type: 'integer' } },
  {
    name: 'webhook-signature',
    description:
      '`v1,` and the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` in base64; several with blanks.',
    schema: text,
  },
].map((header) => ({ ...header, in: 'header', required: true }));

const answersOfReceivers = {
  '2XX': { description: 'Taken. Answer within 15 s.' },
  410: { description: 'Gone: the subscription is disabled, and nothing more is sent to this URL.' },
  default: { description: 'Tried again, ten times over three days; `Retry-After` of 429 and 503 is respected.' },
};

function messageOf(type: string, name: string) {
  return {
    type: 'object',
    properties: {
      type: { const: type },
      timestamp: { type: 'string', format: 'date-time', description: 'When it happened.' },
      data: refTo(`${name}Data`),
    },
    required: ['type', 'timestamp', 'data'],
  };
}

/** CloudEvents 1.0, structured mode. */
function cloudEventOf(type: string, name: string) {
  const subject = { type: 'string', pattern: '^runs/[1-9][0-9]*$' };
  return {
    type: 'object',
    properties: {
      specversion: { const: '1.0' },
      id: { type: 'string', description: 'That of the event on the bus.' },
      source: planUrl,
      type: { const: `proctor.${type}` },
      ...(type === 'endpoint.ping' ? {} : { subject }),
      time: { type: 'string', format: 'date-time' },
      datacontenttype: { const: 'application/json' },
      data: refTo(`${name}Data`),
    },
    required: ['specversion', 'id', 'source', 'type', 'time', 'datacontenttype', 'data'],
  };
}

/** The event of the bus, and where its plan is. */
function withPlanUrl({ $schema: _, $id: __, ...schema }: EventSchema): object {
  return {
    ...schema,
    properties: { ...schema.properties, planUrl },
    required: [...schema.required, 'planUrl'],
  };
}

interface EventSchema {
  readonly $schema: string;
  readonly $id: string;
  readonly properties: object;
  readonly required: readonly string[];
}

function refTo(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}
