import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { parsePlan, planSchema } from '../../lib/core/plan.ts';
import { blocksOf, documents } from './blocks.ts';

const planKeys = Object.keys(
  (z.toJSONSchema(planSchema, { io: 'input', unrepresentable: 'any' }) as Schema).properties ?? {},
);
const minimal = { name: 'a plan', executor: { type: 'command', command: 'npm test' } };

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** What a block is, told by its keys. */
function kindOf(value: unknown): 'plan' | 'workflow' | undefined {
  if (Array.isArray(value)) return value.every((step) => 'run' in step || 'uses' in step) ? 'workflow' : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = Object.keys(value);
  if (keys.every((key) => planKeys.includes(key))) return 'plan';
  return keys.includes('jobs') || keys.includes('on') ? 'workflow' : undefined;
}

const blocks = documents.flatMap(blocksOf);
const named = (language: string) =>
  blocks
    .filter((block) => block.language === language)
    .map((block) => ({ place: `${block.document}:${block.line}`, text: block.text }));
const broken = ({ text }: { text: string }) => text.startsWith('# broken.');

describe('the YAML of the documents', () => {
  it.each(named('yaml').filter((one) => !broken(one)))('$place is a plan, a part of one, or a workflow', ({ text }) => {
    const value = parse(text);
    const kind = kindOf(value);
    expect(kind).toBeDefined();
    if (kind === 'plan') expect(() => parsePlan({ ...minimal, ...value })).not.toThrow();
    else expect(text).toMatch(/\brun: |\buses: /);
  });

  it.each(named('yaml').filter(broken))('$place is broken, as it says', ({ text }) => {
    expect(() => parsePlan(parse(text))).toThrow();
  });
});

it.each(named('json'))('the JSON of $place can be read', ({ text }) => {
  expect(() => JSON.parse(text)).not.toThrow();
});

// What is of no language is for a console of AWS.
it('knows every language of a block, so that none is left unread', () => {
  const unread = blocks.filter(
    ({ language }) => !['console', 'sh', 'ts', 'yaml', 'json', 'bash', 'markdown', ''].includes(language),
  );
  expect(unread).toEqual([]);
});

it.each(named('bash'))('$place, for the command line of AWS, is a shell’s', ({ text }) => {
  expect(text).toMatch(/\baws \w/);
  execFileSync('bash', ['-n', '-c', text]);
});

it('names in TypeScript what there is', () => {
  for (const { text } of named('ts')) {
    const helper = readFileSync(join('lib/infra', 'on-run-completed.ts'), 'utf8');
    expect(text).toContain('onRunCompleted(');
    for (const [, key = ''] of text.matchAll(/^ {2}(\w+):/gm)) expect(helper).toContain(key);
  }
});

describe('the table of fields', () => {
  const rows = readFileSync('docs/plans.md', 'utf8').matchAll(/^\| `([\w.[\]]+)` +\| (.*?) *\|/gm);
  const told = new Map([...rows].map(([, field = '', preset = '']) => [field, preset]));

  it('has every field of a plan, and none that is not there', () => {
    const elsewhere = [
      'executor',
      'schedules',
      'triggers.webhooks',
      'triggers.events',
      'variables',
      'machines',
      'configs[].query',
    ];
    const schema = z.toJSONSchema(planSchema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema;
    expect([...told.keys()].toSorted()).toEqual(fieldsOf(schema, elsewhere).toSorted());
  });

  it('tells the defaults that hold', () => {
    const suites = [{ name: 'S', cases: [{ name: 'c' }] }];
    const plan = parsePlan({ ...minimal, suites });
    for (const [field, preset] of told) {
      const value = field
        .replaceAll('[]', '.0')
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], plan);
      const isGiven = /^(?:name|executor|suites\[\](?:\.cases\[\])?\.name)$/.test(field);
      const expected = isGiven || value === '' ? undefined : value;
      expect([field, preset === '' ? undefined : parse(preset.replaceAll('`', ''))]).toEqual([field, expected]);
    }
  });
});

/** Paths of the leaves, as in `suites[].name`; what is told elsewhere counts as one. */
function fieldsOf(schema: Schema, leaves: readonly string[], path = ''): string[] {
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0 || leaves.includes(path)) {
    const items = schema.items;
    if (items?.properties !== undefined && !leaves.includes(path)) return fieldsOf(items, leaves, `${path}[]`);
    return [path];
  }
  return members.flatMap(([key, member]) => fieldsOf(member, leaves, path === '' ? key : `${path}.${key}`));
}
