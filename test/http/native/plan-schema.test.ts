import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { globSync } from 'tinyglobby';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { parsePlan } from '../../../lib/core/plan.ts';
import { createGetPlanSchema } from '../../../lib/http/native/documents.ts';
import { examples } from '../../../lib/http/native/examples.ts';
import { descriptions } from '../../../lib/http/native/plan-descriptions.ts';
import { createPlanSchema, fieldsOf, type JsonSchema } from '../../../lib/http/native/plan-schema.ts';
import { aRequest } from '../../support/http.ts';

const schema = createPlanSchema();
const ajv = new Ajv({ strict: false });
ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));
const isPlan = ajv.compile(schema);

test('docs/plan.schema.json is current: `npm run openapi` writes it', async () => {
  expect(JSON.parse(await readFile('docs/plan.schema.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
});

test('it is served as it was built, to anyone', async () => {
  const principal = { keyId: '', ownerId: 0, scopes: new Set<never>(), projects: null, planIds: null };
  const answer = await createGetPlanSchema()(aRequest('GET', '/v1/plan.schema.json'), principal);
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/schema+json;charset=UTF-8' } });
  expect(JSON.parse(String(answer.body))).toEqual(JSON.parse(JSON.stringify(schema)));
});

test('it is of the draft editors know best, and describes every field in a sentence', () => {
  expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', title: 'Proctor test plan' });
  const fields = fieldsOf(schema as JsonSchema);
  const paths = [...new Set(fields.map(([path]) => path))];
  expect(paths.sort()).toEqual(Object.keys(descriptions).sort());
  for (const [path, { description = '' }] of fields)
    expect([path, description]).toEqual([path, expect.stringMatching(/^[A-Z`].{8,150}\.$/s)]);
});

const plan = { name: 'smoke', executor: { type: 'command', command: 'npm test' } };
const keys = new Set(Object.keys((schema as JsonSchema).properties ?? {}));

/** Plans as people write them: the examples, and each YAML block of the documents that is a plan or a part of one. */
const files = globSync('examples/**/*plan*.yaml');
const blocks = globSync(['README.md', 'docs/**/*.md']).map(async (file) => {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, block = '']) => {
    const document = parseDocument(block, { logLevel: 'silent' });
    const part: unknown = document.errors.length === 0 ? document.toJS() : undefined;
    const isPart = typeof part === 'object' && part !== null && Object.keys(part).every((key) => keys.has(key));
    return isPart ? [{ ...plan, ...part }] : [];
  });
});

test('it takes every plan of the examples and the documents that the service takes', async () => {
  const ofExamples = await Promise.all(files.map(async (file) => parse(await readFile(file, 'utf8'))));
  const plans = [...ofExamples, examples.applyPlan?.body, examples.updatePlan?.body];
  // The documents also show what is wrong.
  const shown = (await Promise.all(blocks)).flat().filter(isTaken);
  expect(shown.length).toBeGreaterThan(10);
  for (const plan of [...plans, ...shown]) {
    expect(() => parsePlan(plan)).not.toThrow();
    expect([plan.name, isPlan(plan), isPlan.errors]).toEqual([plan.name, true, null]);
  }
});

function isTaken(plan: unknown): boolean {
  try {
    parsePlan(plan);
    return true;
  } catch {
    return false;
  }
}

test('every example names it in its first line, where it is', async () => {
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(await readFile(file, 'utf8')) ?? [];
    expect(new URL(path, `file:///${file}`).pathname).toBe('/docs/plan.schema.json');
  }
});

describe('it refuses', () => {
  const refused: [why: string, change: object][] = [
    ['a key that is none', { nmae: 'smoke' }],
    ['a plan without a name', { name: undefined }],
    ['a plan without an executor', { executor: undefined }],
    ['an executor of no kind', { executor: { type: 'comand', command: 'npm test' } }],
    ['a key of another executor', { executor: { type: 'command', command: 'npm test', url: 'https://x.example' } }],
    [
      'a secret where its reference belongs',
      { executor: { type: 'http', url: 'https://x.example', secret: 'whsec_x' } },
    ],
    ['an unknown word', { overlap: 'wait' }],
    ['a number that is too large', { rerun: { max: 11 } }],
    ['a text for a number', { deadlines: { runSeconds: '1h' } }],
    ['a case that is no object', { suites: [{ name: 'Cart', cases: ['applies a coupon'] }] }],
    ['a tag that is no list', { suites: [{ name: 'Cart', cases: [{ name: 'pays', tags: 'smoke' }] }] }],
    ['a subscription without a secret', { notify: [{ url: 'https://x.example', on: ['run.completed'] }] }],
    ['an id that is none', { environment: 0 }],
  ];
  test.each(refused)('%s, as the service does', (_, change) => {
    const broken = JSON.parse(JSON.stringify({ ...plan, ...change }));
    expect(isPlan(plan)).toBe(true);
    expect(isPlan(broken)).toBe(false);
    expect(() => parsePlan(broken)).toThrow();
  });
});
