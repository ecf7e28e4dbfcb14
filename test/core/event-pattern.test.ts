import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkEventPattern } from '../../lib/core/check-event-pattern.ts';
import { type EventPattern, matchesPattern } from '../../lib/core/event-pattern.ts';

const event = {
  source: 'aws.codepipeline',
  'detail-type': 'CodePipeline Pipeline Execution State Change',
  resources: ['arn:aws:codepipeline:eu-west-1:123456789012:shop'],
  account: null,
  detail: {
    pipeline: 'shop-Main',
    state: 'SUCCEEDED',
    version: 3,
    empty: '',
    nothing: null,
    tags: ['blue', 'green'],
    address: '10.0.0.7',
    address6: '2001:db8::7',
    stages: [
      { name: 'build', ok: true },
      { name: 'deploy', ok: false },
    ],
  },
};

/** Pattern under `detail`, and whether the event has it. The comments name what EventBridge's user guide says of it. */
const table: readonly (readonly [string, unknown, boolean])[] = [
  ['a value', { state: ['SUCCEEDED'] }, true],
  ['one of two values', { state: ['FAILED', 'SUCCEEDED'] }, true],
  ['another value', { state: ['FAILED'] }, false],
  ['case matters', { state: ['succeeded'] }, false],
  ['two fields, both there', { state: ['SUCCEEDED'], version: [3] }, true],
  ['two fields, one wrong', { state: ['SUCCEEDED'], version: [4] }, false],
  ['a number is not its text', { version: ['3'] }, false],
  ['null', { nothing: [null] }, true],
  ['null is not the empty text', { empty: [null] }, false],
  ['the empty text', { empty: [''] }, true],
  ['a missing field is not null', { missing: [null] }, false],
  ['one element of a list', { tags: ['green'] }, true],
  ['no element of a list', { tags: ['red'] }, false],
  ['prefix', { pipeline: [{ prefix: 'shop-' }] }, true],
  ['prefix, other case', { pipeline: [{ prefix: 'SHOP-' }] }, false],
  ['prefix in any case', { pipeline: [{ prefix: { 'equals-ignore-case': 'SHOP-' } }] }, true],
  ['suffix', { pipeline: [{ suffix: 'Main' }] }, true],
  ['suffix in any case', { pipeline: [{ suffix: { 'equals-ignore-case': 'mAIN' } }] }, true],
  ['prefix of a number', { version: [{ prefix: '3' }] }, false],
  ['equals-ignore-case', { pipeline: [{ 'equals-ignore-case': 'SHOP-MAIN' }] }, true],
  ['wildcard', { pipeline: [{ wildcard: 's*p-*n' }] }, true],
  ['wildcard alone', { pipeline: [{ wildcard: '*' }] }, true],
  ['wildcard that does not reach the end', { pipeline: [{ wildcard: 's*p' }] }, false],
  ['wildcard with a literal star', { pipeline: [{ wildcard: 'shop\\*' }] }, false],
  ['anything but a value', { state: [{ 'anything-but': 'FAILED' }] }, true],
  ['anything but this value', { state: [{ 'anything-but': 'SUCCEEDED' }] }, false],
  ['anything but these', { state: [{ 'anything-but': ['FAILED', 'SUCCEEDED'] }] }, false],
  ['anything but a number', { version: [{ 'anything-but': [1, 2] }] }, true],
  ['anything but a missing field', { missing: [{ 'anything-but': 'x' }] }, false],
  ['anything but a prefix', { pipeline: [{ 'anything-but': { prefix: 'shop' } }] }, false],
  ['anything but prefixes', { pipeline: [{ 'anything-but': { prefix: ['a', 'b'] } }] }, true],
  ['anything but a suffix', { pipeline: [{ 'anything-but': { suffix: 'Main' } }] }, false],
  ['anything but in any case', { pipeline: [{ 'anything-but': { 'equals-ignore-case': 'shop-main' } }] }, false],
  ['anything but a wildcard', { pipeline: [{ 'anything-but': { wildcard: '*-Main' } }] }, false],
  ['numeric', { version: [{ numeric: ['>', 2] }] }, true],
  ['numeric range', { version: [{ numeric: ['>=', 3, '<', 4] }] }, true],
  ['numeric range, outside', { version: [{ numeric: ['>', 3, '<', 4] }] }, false],
  ['numeric equality', { version: [{ numeric: ['=', 3] }] }, true],
  ['numeric of a text', { state: [{ numeric: ['>', 0] }] }, false],
  ['cidr', { address: [{ cidr: '10.0.0.0/24' }] }, true],
  ['cidr, outside', { address: [{ cidr: '10.0.1.0/24' }] }, false],
  ['cidr of IPv6', { address6: [{ cidr: '2001:db8::/32' }] }, true],
  ['cidr of the other family', { address6: [{ cidr: '10.0.0.0/8' }] }, false],
  ['cidr of what is no address', { state: [{ cidr: '0.0.0.0/0' }] }, false],
  ['exists', { state: [{ exists: true }] }, true],
  ['exists, null included', { nothing: [{ exists: true }] }, true],
  ['exists, missing', { missing: [{ exists: true }] }, false],
  ['does not exist', { missing: [{ exists: false }] }, true],
  ['does not exist, but does', { state: [{ exists: false }] }, false],
  ['does not exist, under something missing', { gone: { field: [{ exists: false }] } }, true],
  ['either', { $or: [{ state: ['FAILED'] }, { version: [3] }] }, true],
  ['neither', { $or: [{ state: ['FAILED'] }, { version: [4] }] }, false],
  ['either, and another', { pipeline: ['x'], $or: [{ state: ['SUCCEEDED'] }, { version: [3] }] }, false],
  ['an object in a list', { stages: { name: ['deploy'], ok: [false] } }, true],
  ['fields of two objects in a list', { stages: { name: ['deploy'], ok: [true] } }, false],
  ['a name everything inherits', { toString: [{ exists: true }] }, false],
];

function checked(pattern: unknown): EventPattern {
  expect(checkEventPattern(pattern)).toEqual([]);
  return pattern as EventPattern;
}

describe('event patterns', () => {
  it.each(table)('mean what EventBridge says: %s', (_name, detail, expected) => {
    expect(matchesPattern(checked({ source: ['aws.codepipeline'], detail }), event)).toBe(expected);
  });

  it('match the whole event, lists of resources too', () => {
    const pattern = { 'detail-type': [{ prefix: 'CodePipeline' }], resources: [{ suffix: ':shop' }] };
    expect(matchesPattern(checked(pattern), event)).toBe(true);
    expect(matchesPattern(checked({ ...pattern, source: ['aws.ecs'] }), event)).toBe(false);
  });

  it.each([
    ['no object', [], '', /at least one field/],
    ['nothing', {}, '', /at least one field/],
    ['a bare value', { source: 'x' }, 'source', /must be a list, as in \["x"\]/],
    ['an empty list', { detail: { state: [] } }, 'detail.state', /at least one value/],
    ['an unknown operator', { source: [{ regex: 'x' }] }, 'source.0', /"regex" is no operator/],
    ['two operators', { source: [{ prefix: 'x', suffix: 'y' }] }, 'source.0', /one operator/],
    ['a prefix that is no text', { source: [{ prefix: 3 }] }, 'source.0', /must be a text/],
    ['a wrong range', { detail: { n: [{ numeric: ['>', '3'] }] } }, 'detail.n.0', /numeric must be like/],
    ['a wrong network', { detail: { ip: [{ cidr: '10.0.0.0/33' }] } }, 'detail.ip.0', /cidr must be/],
    ['exists of a text', { source: [{ exists: 'yes' }] }, 'source.0', /true or false/],
    ['one alternative', { $or: [{ source: ['x'] }] }, '$or', /at least two/],
    ['a wrong alternative', { $or: [{ source: ['x'] }, { source: 'y' }] }, '$or.1.source', /must be a list/],
    ['anything but nothing', { source: [{ 'anything-but': [] }] }, 'source.0', /anything-but must be/],
  ])('that are wrong are refused, and the field is named: %s', (_name, pattern, field, message) => {
    const [first] = checkEventPattern(pattern);
    expect(first?.path.join('.')).toBe(field);
    expect(first?.message).toMatch(message);
  });

  it('that are too deep or too many are refused', () => {
    let deep: unknown = ['x'];
    for (let i = 0; i < 30; i++) deep = { a: deep };
    expect(checkEventPattern(deep)[0]?.message).toMatch(/nested deeper/);
    expect(checkEventPattern({ a: Array.from({ length: 501 }, (_, i) => i) })[0]?.message).toMatch(/more than 500/);
  });

  it('that are longer than EventBridge takes are refused, so that no plan holds up the events of all', () => {
    const wildcard = '*a'.repeat(2040);
    expect(checkEventPattern({ a: [{ wildcard }] })[0]?.message).toMatch(/longer than 4096 characters/);
    const startedAt = performance.now();
    const longest = { a: [{ wildcard: wildcard.slice(0, 4000) }] };
    expect(checkEventPattern(longest)).toEqual([]);
    expect(matchesPattern(longest, { a: 'a'.repeat(200_000) })).toBe(false);
    expect(matchesPattern(longest, { a: `${'a'.repeat(9000)}b` })).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('of any shape are refused or match, and never throw anything else', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (pattern, value) => {
        const candidate = JSON.parse(pattern);
        if (checkEventPattern(candidate).length === 0) matchesPattern(candidate, JSON.parse(value));
      }),
    );
  });

  it('with a wildcard agree with the regular expression they stand for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    const pattern = fc
      .array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 })
      .map((all) => all.join('').replace(/\*+/g, '*'));
    fc.assert(
      fc.property(pattern, letters, (wildcard, value) => {
        const expected = new RegExp(`^${wildcard.replaceAll('*', '.*')}$`).test(value);
        expect(matchesPattern({ a: [{ wildcard }] }, { a: value })).toBe(expected);
      }),
    );
  });
});
