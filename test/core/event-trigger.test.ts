import { describe, expect, it } from 'vitest';
import { type BusMessage, identityOf, resourceOf } from '../../lib/core/bus-message.ts';
import { nameOfTrigger, variablesOf } from '../../lib/core/event-trigger.ts';
import { parsePlan } from '../../lib/core/plan.ts';

const apply = (...events: object[]) =>
  parsePlan({
    name: 'smoke',
    project: 'shop',
    executor: { type: 'command', command: 'true' },
    triggers: { events },
  }).triggers.events;
const own = (detail: object) => ({ pattern: { source: ['proctor'], 'detail-type': ['Run Completed'], detail } });

describe('triggers for events', () => {
  it.each([
    ['a pattern that is none', { pattern: { source: 'x' } }, /triggers\.events\[0\]\.pattern\.source: must be a list/],
    [
      'an operator that is none',
      { pattern: { detail: { a: [{ is: 1 }] } } },
      /pattern\.detail\.a\[0\]: "is" is no operator/,
    ],
    ['an empty pattern', { pattern: {} }, /triggers\.events\[0\]\.pattern: must be an object with at least one/],
    [
      'a path that is none',
      { pattern: { source: ['x'] }, variables: { A: '$detail' } },
      /variables\.A: must be a text, or a path/,
    ],
    [
      'a variable that is none',
      { pattern: { source: ['x'] }, variables: { 'a b': 'c' } },
      /variables\.a b: must be a variable name/,
    ],
    [
      'its own end',
      own({ planName: ['smoke'] }),
      /\[0\]\.pattern: fits the event Run Completed of the plan's own runs/,
    ],
    ['everything Proctor says', { pattern: { source: ['proctor'] } }, /would start the next/],
    ['the bad ends of its project', own({ project: ['shop'], result: [{ 'anything-but': 'passed' }] }), /anything-but/],
  ])('with %s are refused, and the field is named', (_what, trigger, message) => {
    expect(() => apply(trigger)).toThrow(message);
  });

  it('may wait for the other plans of their project', () => {
    expect(apply(own({ project: ['shop'], planName: [{ 'anything-but': ['smoke'] }] }))).toHaveLength(1);
  });

  it('have names of their own, or patterns of their own', () => {
    const one = { pattern: { source: ['x'] } };
    expect(() => apply(one, one)).toThrow(/events\[1\]\.pattern: is that of an earlier trigger/);
    expect(() => apply({ name: 'a', ...one }, { name: 'a', ...one })).toThrow(/events\[1\]\.name: is used by/);
    const [first, second] = apply({ name: 'a', ...one }, one).map(nameOfTrigger);
    expect([first, second]).toEqual(['a', expect.stringMatching(/^pattern [0-9a-f]{12}$/)]);
  });

  it('make variables of texts and paths, and leave out what the event has not', () => {
    const [trigger] = apply({
      pattern: { source: ['x'] },
      variables: { A: '$.detail.a["b c"][0]', B: 'as it is', C: '$.detail.none', D: '$.detail.a', E: '$.detail.n' },
    });
    const event = { detail: { a: { 'b c': ['found'] }, n: 7 } };
    expect(trigger && variablesOf(trigger, event)).toEqual({ A: 'found', B: 'as it is', E: '7' });
  });
});

describe('the identity of an event', () => {
  const event: BusMessage = { id: 'of the bus', source: 'x', 'detail-type': 't', detail: { id: 'evt_7_2' } };
  it.each([
    ['its sender’s id, if it has one', { ...event, resources: ['arn:x', resourceOf('mine')] }, 'mine'],
    [
      'that of the run’s event for our own, which the bus renames in every repeat',
      { ...event, source: 'proctor' },
      'evt_7_2',
    ],
    ['that of the bus for any other', event, 'of the bus'],
  ])('is %s', (_what, given, expected) => {
    expect(identityOf(given)).toBe(expected);
  });
});
