import { readFile, writeFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Webhook } from 'standardwebhooks';
import { beforeAll, describe, expect, test } from 'vitest';
import recorded from '../../../lib/http/native/example-answers.json' with { type: 'json' };
import { examples } from '../../../lib/http/native/examples.ts';
import { createOpenapiDocument, describedSurfaces, operationIdOf } from '../../../lib/http/native/openapi-document.ts';
import { routes } from '../../../lib/http/routes.ts';
import { chatSecret, type Message, type Tour, tourApi } from '../../support/api-tour.ts';

/** `RECORD=1` keeps what comes back as the examples of the document; without it, it is compared with them. */
const isRecording = process.env.RECORD === '1';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}
interface Operation {
  readonly parameters: readonly Media[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the document is read as whoever gets it reads it
const document: any = JSON.parse(JSON.stringify(createOpenapiDocument('0')));
const operations: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.values<Record<string, Operation & { operationId: string }>>(document.paths)
    .flatMap((methods) => Object.values(methods))
    .map((operation) => [operation.operationId, operation]),
);
/** Their answers are whole files, too long to show. */
const files = ['getOpenapi', 'getPlanSchema', 'getReportHtml'];

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('date-time', (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)));
ajv.addFormat('uri', (text) => URL.canParse(text));
ajv.addFormat('uri-reference', (text) => URL.canParse(text, 'https://proctor.example.com'));
ajv.addSchema(document, 'api');

/** What is wrong with the value by the schema at the place in the document. */
function errorsOf(place: readonly string[], value: unknown): unknown {
  const pointer = place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).map(encodeURIComponent);
  const validate = ajv.compile({ $ref: `api#/${pointer.join('/')}` });
  return validate(value) ? null : validate.errors;
}

let tour: Tour;
beforeAll(async () => {
  tour = await tourApi();
  if (isRecording) await record(tour);
}, 240_000);

test('every operation has an example, and every example is of one', () => {
  const own = routes.filter(({ surface }) => describedSurfaces.has(surface)).map(operationIdOf);
  expect(Object.keys(examples).sort()).toEqual(own.sort());
});

describe.each(Object.keys(examples))('%s', (operationId) => {
  const place = placeOf(operationId);
  const operation = operations[operationId];

  test('the request of its example is what its schema says, and is in the document', () => {
    for (const [i, { example }] of (operation?.parameters ?? []).entries()) {
      if (example !== undefined) expect(errorsOf([...place, 'parameters', String(i), 'schema'], example)).toBeNull();
    }
    const type = examples[operationId]?.type ?? 'application/json';
    if (operation?.requestBody === undefined) return expect(examples[operationId]?.body).toBeUndefined();
    const media = operation.requestBody.content[type];
    expect(media?.example).toBeDefined();
    expect(errorsOf([...place, 'requestBody', 'content', type, 'schema'], media?.example)).toBeNull();
  });

  test('its answer is a success, is what its schema says, and is the example of the document', () => {
    const { status, body } = tour.visits[operationId] ?? { status: 0 };
    expect([status, Math.floor(status / 100)], JSON.stringify(body)).toEqual([status, 2]);
    const content = operation?.responses[status]?.content;
    if (content === undefined) return expect(body).toBeUndefined();
    const [type = ''] = Object.keys(content);
    expect(errorsOf([...place, 'responses', String(status), 'content', type, 'schema'], body)).toBeNull();
    if (files.includes(operationId)) return expect(content[type]?.example).toBeUndefined();
    expect(content[type]?.example).toBeDefined();
    if (!isRecording) expect(steady(body)).toEqual(steady(content[type]?.example));
  });
});

describe.each(Object.keys(document.webhooks))('the webhook %s', (type) => {
  const content: Readonly<Record<string, Media>> = document.webhooks[type].post.requestBody.content;

  test.each(['application/json', 'application/cloudevents+json'])('is sent as its example of %s is', (mediaType) => {
    const message = tour.messages.find((one) => typeOf(one) === type && mediaTypeOf(one) === mediaType);
    const body = JSON.parse(message?.body ?? 'null');
    const place = ['webhooks', type, 'post', 'requestBody', 'content', mediaType, 'schema'];
    expect(errorsOf(place, body)).toBeNull();
    if (!isRecording) expect(steady(body)).toEqual(steady(content[mediaType]?.example));
  });
});

test('what subscriptions get is signed by Standard Webhooks, with the headers the document names', () => {
  const sent = tour.messages.filter(({ url }) => !url.endsWith('/ci'));
  expect(sent.length).toBeGreaterThan(8);
  const named: { name: string }[] = document.webhooks['run.completed'].post.parameters;
  for (const { headers, body } of sent) {
    expect(named.map(({ name }) => typeof headers[name])).toEqual(['string', 'string', 'string']);
    const outside = body.replaceAll(/https:\/\/hooks\.example\.com/g, '');
    expect(outside).toBe(body);
    expect(() => new Webhook(chatSecret).verify(body, headers as Record<string, string>)).not.toThrow();
  }
});

function placeOf(operationId: string): string[] {
  const route = routes.find((each) => describedSurfaces.has(each.surface) && operationIdOf(each) === operationId);
  return ['paths', route?.path ?? '', (route?.method ?? '').toLowerCase()];
}

function typeOf({ body }: Message): string {
  return String(JSON.parse(body).type).replace(/^proctor\./, '');
}

function mediaTypeOf({ headers }: Message): string {
  return (headers['content-type'] ?? '').replace(/;.*/, '');
}

/** Without what is another one in each tour: times, durations and what is random. */
function steady(value: unknown): unknown {
  if (typeof value === 'string') return ofKinds.reduce((text, [kind, pattern]) => text.replace(pattern, kind), value);
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, changing[key]?.test(String(one)) ? key : steady(one)]),
  );
}

/** By the name of the member. */
const changing: Readonly<Record<string, RegExp>> = {
  durationMs: /^\d+$/,
  usualSeconds: /^\d+$/,
  id: /^[0-9A-Za-z]{12}$/,
};

const ofKinds: readonly [kind: string, pattern: RegExp][] = [
  ['time', /\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?/g],
  ['duration', /\b\d+(\.\d+)? (ms|s|min)\b( \d+ s\b)?/g],
  ['token', /\bprk_[\w…]+/g],
  ['secret', /\bwhsec_[\w+/=…]+/g],
  ['ping', /\bping_(\d{12})_[0-9a-f]{16}/g],
  ['random', /\b[0-9A-Za-z]{22}\b/g],
  ['seconds', /(?<=time=")[\d.]+(?=")/g],
];

async function record({ visits, messages }: Tour): Promise<void> {
  const kept = recorded as { answers: Record<string, unknown>; webhooks: Record<string, unknown> };
  // What is the same but for its times stays, so that a new recording shows what is new.
  const unlessSame = (now: unknown, before: unknown) =>
    JSON.stringify(steady(now)) === JSON.stringify(steady(before)) ? before : now;
  const answers = Object.entries(visits).map(([operationId, visit]) => {
    const answer = files.includes(operationId) ? { status: visit.status } : visit;
    return [operationId, unlessSame(answer, kept.answers[operationId])];
  });
  const ofForm = (type: string, mediaType: string) =>
    JSON.parse(messages.find((one) => typeOf(one) === type && mediaTypeOf(one) === mediaType)?.body ?? 'null');
  const webhooks = Object.keys(document.webhooks).map((type) => {
    const standard = ofForm(type, 'application/json');
    const cloudevents = ofForm(type, 'application/cloudevents+json');
    return [type, unlessSame({ standard, cloudevents }, kept.webhooks[type])];
  });
  const file = new URL('../../../lib/http/native/example-answers.json', import.meta.url);
  const all = { answers: Object.fromEntries(answers), webhooks: Object.fromEntries(webhooks) };
  const text = JSON.stringify(all, null, 2).replace(/\b(prk_\w{12}_|whsec_)[\w+/=]+/g, '$1…');
  await writeFile(file, `${text}\n`);
  expect(await readFile(file, 'utf8')).not.toContain('127.0.0.1');
}
