import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../lib/core/decide.ts';
import type { Environment } from '../../lib/core/ports.ts';
import { foldReport } from '../../lib/core/report.ts';
import { environmentsOf, hasRoom, partsOf, type SlotNeed, slotNeeds } from '../../lib/core/slots.ts';
import { aRun } from '../support/runs.ts';

const anEnvironment = (id: number, change: Partial<Environment> = {}): Environment => ({
  id,
  name: `env ${id}`,
  description: null,
  project: 'default',
  projectId: 1,
  variables: [],
  enabled: true,
  capacity: null,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  createdBy: 1,
  updatedBy: 1,
  ...change,
});
const catalog = { entries: [], ids: [] };
const nothing = foldReport({ catalog, batches: [], requests: [], attempt: 1, expected: [], only: false });
const need: SlotNeed = { key: 'environment#3', slots: 1 };

describe('the slots a run needs', () => {
  it('are none without limits', () => {
    expect(slotNeeds(aRun(1), { environments: [anEnvironment(1), anEnvironment(2, { capacity: null })] })).toEqual([]);
  });

  it('are one of each limit, in the order of their keys, whatever order they are given in', () => {
    const limits = { environments: [anEnvironment(7, { capacity: 4 }), anEnvironment(3, { capacity: 1 })] };
    expect(slotNeeds(aRun(1), { ...limits, project: 5, key: 2 })).toEqual([
      { key: 'environment#3', slots: 1 },
      { key: 'environment#7', slots: 4 },
      { key: 'key#key', slots: 2 },
      { key: 'project#default', slots: 5 },
    ]);
  });

  it('are none that there is of a disabled environment, however large', () => {
    const environments = [anEnvironment(3, { capacity: 9, enabled: false })];
    expect(slotNeeds(aRun(1), { environments })).toEqual([{ key: 'environment#3', slots: 0 }]);
  });

  it('are of the environment the run names, else of its plan’s, and of those of the plan’s machines', () => {
    const machines = [{ title: 'Chrome', environment: 4 }, { title: 'Firefox', environment: 6 }, { title: 'Safari' }];
    expect(environmentsOf({ environment: 4, machines: [] }, { environmentId: 5 })).toEqual([5]);
    expect(environmentsOf({ environment: 4, machines }, {})).toEqual([4, 6]);
    expect(environmentsOf({ machines: [] }, {})).toEqual([]);
  });

  it('say what they are of', () => {
    expect(partsOf('project#web shop')).toEqual({ kind: 'project', id: 'web shop' });
  });
});

describe('room in a set of slots', () => {
  const anySet = fc.record({
    holders: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 6 }),
    waiting: fc.uniqueArray(fc.integer({ min: 21, max: 40 }), { maxLength: 6 }),
    slots: fc.nat(8),
  });

  it('is there for just as many waiting runs as there are free slots, the oldest', () => {
    fc.assert(
      fc.property(anySet, ({ holders, waiting, slots }) => {
        const set = { holders: new Map(holders.map((id) => [id, 1])), waiting: new Set(waiting) };
        const next = waiting.filter((id) => hasRoom(set, id, slots)).sort((a, b) => a - b);
        const free = Math.max(0, slots - holders.length);
        expect(next).toEqual([...waiting].sort((a, b) => a - b).slice(0, free));
        // Whoever comes now finds what those that wait leave over.
        expect(hasRoom(set, 99, slots)).toBe(free > waiting.length);
      }),
    );
  });

  it('is always there for who has one', () => {
    expect(hasRoom({ holders: new Map([[1, 1]]), waiting: new Set([2]) }, 1, 0)).toBe(true);
  });
});

describe('the decision about a run that needs slots', () => {
  const queued = aRun(5, { status: 'queued', deadlineAt: 100_000 });

  it('takes them before the dispatch, and dispatches at once without any', () => {
    expect(decide(queued, nothing, catalog, 2000, [need])).toEqual({ next: 'takeSlots' });
    expect(decide(queued, nothing, catalog, 2000)).toEqual({ next: 'dispatch' });
    expect(decide({ ...queued, slots: ['key#key'] }, nothing, catalog, 2000)).toEqual({ next: 'takeSlots' });
  });

  it('dispatches once it has them, whatever the limits have become', () => {
    const held = { ...queued, slots: ['environment#3'] as const, slotsHeld: true as const };
    expect(decide(held, nothing, catalog, 2000, [need])).toEqual({ next: 'dispatch' });
  });

  it('waits for the earlier runs of its plan first', () => {
    expect(decide({ ...queued, waitsFor: [4] }, nothing, catalog, 2000, [need])).toMatchObject({ next: 'wait' });
  });

  it('gives up at the queue deadline', () => {
    const waiting = { ...queued, slots: ['environment#3'] as const, waitsForSlots: ['environment#3'] as const };
    expect(decide(waiting, nothing, catalog, 100_000)).toMatchObject({
      next: 'complete',
      ending: { result: 'timedOut', reason: 'queueDeadline', explanation: expect.stringContaining('environment 3') },
      cancel: false,
    });
  });
});
