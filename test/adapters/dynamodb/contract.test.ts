import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { maxPartBytes } from '../../../lib/core/batch.ts';
import type { Plan } from '../../../lib/core/plan.ts';
import { positionOf, type Run, rerunsUsed, resultIdAt, resultIdPeriod, tokenOver } from '../../../lib/core/run.ts';
import type { SlotKey } from '../../../lib/core/slots.ts';
import { triggerRun } from '../../../lib/workflow/trigger-run.ts';
import { aBatch, aCompletion, aDocument, aRun } from '../../support/runs.ts';
import { openWireTable } from '../../support/table.ts';

type TestTable = Awaited<ReturnType<typeof openWireTable>>;
let table: TestTable;
let runs: TestTable['stores']['runs'];
let plans: TestTable['stores']['plans'];
let slotStore: TestTable['stores']['slots'];
let id = 0;
let planId = 1000;

beforeAll(async () => {
  table = await openWireTable();
  ({ runs, plans, slots: slotStore } = table.stores);
});
afterAll(() => table.close());
beforeEach(() => {
  id += 10;
  planId += 1;
});

const times = { at: 2000, deadlineAt: 50_000, nextActionAt: 3000 };
const attempt = { attempt: 1, startedAt: 2000, ref: 'job', executing: 'everything' };
const read = async (runId = id): Promise<Run> => (await runs.getRun(runId)) as Run;
const made = async (change: Partial<Run> = {}, runId = id): Promise<Run> => {
  await runs.createRun(aRun(runId, { planId, ...change }), null);
  return read(runId);
};
const queued = async (runId = id, waitsFor?: number[]): Promise<Run> => {
  const change = { deadlineAt: 50_000, nextActionAt: 3000, ...(waitsFor === undefined ? {} : { waitsFor }) };
  await runs.admit(await made({}, runId), change);
  return read(runId);
};
const calling = async (): Promise<Run> => (await runs.claimDispatch(await queued(), 2000, 0)) as Run;
const running = async (): Promise<Run> => (await runs.acceptDispatch(await calling(), attempt, times)) as Run;
const stopping = async (): Promise<Run> => (await runs.stop(await running(), 9000)) as Run;
const completed = async (): Promise<Run> => (await runs.complete(await running(), aCompletion())) as Run;
/** What a refused write must leave as it was. */
const unchanged = async (run: Run, write: Promise<unknown>, refused: unknown): Promise<void> => {
  expect(await write).toEqual(refused);
  expect(await runs.getRun(run.id)).toEqual(run);
};

describe('the lock of a plan', () => {
  it('E1 is taken when nobody is there', async () => {
    expect(await runs.lock(planId, 1)).toBe(true);
    expect(await runs.readLock(planId)).toEqual({ active: new Set([1]), waiting: new Set() });
  });

  it('E1 is taken again by its holder', async () => {
    await runs.lock(planId, 1);
    expect(await runs.lock(planId, 1)).toBe(true);
  });

  it('E1 is refused while someone else holds it', async () => {
    await runs.lock(planId, 1);
    expect(await runs.lock(planId, 2)).toBe(false);
  });

  it('E1 is refused to a run whose id contains the holder’s', async () => {
    await runs.lock(planId, 1);
    expect(await runs.lock(planId, 11)).toBe(false);
  });

  it('E1 is refused while someone waits, so that nobody overtakes', async () => {
    await runs.lock(planId, 1);
    await runs.wait(planId, 2, 10);
    await runs.leave(planId, 1);
    expect(await runs.lock(planId, 3)).toBe(false);
  });

  it('E1 is taken when everyone has left', async () => {
    await runs.lock(planId, 1);
    await runs.wait(planId, 2, 10);
    await runs.leave(planId, 1);
    await runs.leave(planId, 2);
    expect(await runs.lock(planId, 3)).toBe(true);
  });

  it('E2 joins whoever is active', async () => {
    await runs.lock(planId, 1);
    await runs.join(planId, 2);
    expect((await runs.readLock(planId)).active).toEqual(new Set([1, 2]));
  });

  it('E3 of someone who is not there changes nothing', async () => {
    await runs.lock(planId, 1);
    await runs.leave(planId, 2);
    expect((await runs.readLock(planId)).active).toEqual(new Set([1]));
  });

  it('E3 remembers what the run taught', async () => {
    const plan = await plans.createPlan(aDocument({ name: `Learns ${planId}` }), 1, 0);
    await runs.lock(plan.id, 1);
    await runs.leave(plan.id, 1, { usualSeconds: 90, catalogSize: 12 });
    expect(await plans.getPlanForTrigger(plan.id)).toMatchObject({ usualSeconds: 90, catalogSize: 12 });
  });

  it('E11 waits behind an active run', async () => {
    await runs.lock(planId, 1);
    expect(await runs.wait(planId, 2, 10)).toBe(true);
    expect((await runs.readLock(planId)).waiting).toEqual(new Set([2]));
  });

  it('E11 is refused when nobody is there', async () => {
    expect(await runs.wait(planId, 2, 10)).toBe(false);
  });

  it('E11 is refused to the active run itself', async () => {
    await runs.lock(planId, 1);
    expect(await runs.wait(planId, 1, 10)).toBe(false);
  });

  it('E11 is refused when the queue is full, but not to one that waits already', async () => {
    await runs.lock(planId, 1);
    await runs.wait(planId, 2, 1);
    expect(await runs.wait(planId, 3, 1)).toBe(false);
    expect(await runs.wait(planId, 2, 1)).toBe(true);
  });

  it('E12 moves a waiting run up when nobody is active', async () => {
    await runs.lock(planId, 1);
    await runs.wait(planId, 2, 10);
    await runs.leave(planId, 1);
    expect(await runs.promote(planId, 2)).toBe(true);
    expect(await runs.readLock(planId)).toEqual({ active: new Set([2]), waiting: new Set() });
  });

  it('E12 is refused while someone is active', async () => {
    await runs.lock(planId, 1);
    await runs.wait(planId, 2, 10);
    expect(await runs.promote(planId, 2)).toBe(false);
  });

  it('E12 is refused to a run that does not wait', async () => {
    expect(await runs.promote(planId, 2)).toBe(false);
  });
});

describe('admission', () => {
  it('E10 gives each run a number and result ids of its own', async () => {
    const first = await runs.allocateRun(5, 1);
    const other = await runs.allocateRun(1, 1);
    expect(other.runId).toBe(first.runId + 1);
    expect(other.firstResultId).toBe(first.firstResultId + 5);
  });

  it('keeps an input that no item holds, picks of 60,000 cases, in parts', async () => {
    const { runId } = await runs.allocateRun(1, 1);
    const name = (i: number) => `case ${i} ${((i * 2_654_435_761) % 4_294_967_296).toString(36)} ${Math.sin(i)}`;
    const picked = Array.from({ length: 60_000 }, (_, i) => ({
      suite: `Suite ${i % 97}`,
      className: '',
      name: name(i),
    }));
    const input = { runtimeData: { a: '1' }, uploadVersions: {}, picked };
    await runs.createRun(aRun(runId, { hasInput: true }), input);
    await runs.createRun(aRun(runId, { hasInput: true }), input);
    expect(await runs.getInput(runId, true)).toEqual(input);
  });

  it('finds the run of a result id, however its blocks lie and however often the ids went round', async () => {
    const { table, stores, close } = await openWireTable();
    const { runs } = stores;
    await table.put({ pk: 'SEQ', sk: 'runs', n: 0, results: resultIdPeriod - 150_000 });
    const create = async (count: number) => {
      const { runId, firstResultId } = await runs.allocateRun(count, 1);
      const run = aRun(runId, { resultIds: [[0, firstResultId, count]] });
      await runs.createRun(run, null);
      return run;
    };
    const before = await create(10);
    const large = await create(250_000);
    const after = await create(5);
    expect(resultIdAt(large, 0)).toBe(resultIdPeriod - 149_989);
    // It reaches beyond the last id: its later results have the first ones.
    expect(resultIdAt(large, 249_999)).toBe(100_010);
    for (const [run, position] of [
      [before, 0],
      [before, 9],
      [large, 0],
      [large, 120_000],
      [large, 200_000],
      [large, 249_999],
      [after, 4],
    ] as const) {
      const id = resultIdAt(run, position);
      expect([id, await runs.findByResultId(id)]).toEqual([id, run.id]);
      expect(positionOf(run, id)).toBe(position);
    }
    expect(positionOf(after, resultIdAt(large, 0))).toBeUndefined();
    await close();
  });

  it('creates a run once: a repeat changes nothing', async () => {
    const run = await queued();
    await runs.createRun(aRun(id, { planId }), null);
    expect(await read()).toEqual(run);
  });

  it('keeps the input beside the run', async () => {
    const input = { runtimeData: { A: '1' }, uploadVersions: {}, picked: null };
    await runs.createRun(aRun(id, { hasInput: true }), input);
    expect(await runs.getInput(id, true)).toEqual(input);
  });

  it('E4 admits a new run', async () => {
    expect(await queued()).toMatchObject({ status: 'queued', version: 2, deadlineAt: 50_000 });
  });

  it('E4 is refused for a run that is not there, and makes no ghost', async () => {
    expect(await runs.admit(aRun(id), { deadlineAt: 1, nextActionAt: 1 })).toBeUndefined();
    expect(await runs.getRun(id)).toBeUndefined();
  });

  it('E4 is refused a second time', async () => {
    const run = await queued();
    await unchanged(run, runs.admit(run, { deadlineAt: 9, nextActionAt: 9 }), undefined);
  });

  it('E4 is refused for a rejected run', async () => {
    await made();
    await runs.reject(id, 0);
    await unchanged(await read(), runs.admit(await read(), { deadlineAt: 9, nextActionAt: 9 }), undefined);
  });

  it('E4r rejects a new run, which nobody looks at again', async () => {
    await made();
    expect(await runs.reject(id, 0)).toBe(true);
    expect(await read()).toMatchObject({ status: 'rejected' });
    expect(await runs.listDue(Number.MAX_SAFE_INTEGER, 1000)).not.toContain(id);
  });

  it('E4r is refused for an admitted run', async () => {
    const run = await queued();
    await unchanged(run, runs.reject(id, 0), false);
  });

  it('E13 releases a waiting run', async () => {
    await queued(id, [1]);
    expect(await runs.release(id, { deadlineAt: 7, nextActionAt: 8 })).toBe(true);
    const run = await read();
    expect(run).toMatchObject({ deadlineAt: 7, nextActionAt: 8, wakeSeq: 1 });
    expect(run.waitsFor).toBeUndefined();
  });

  it('E13 is refused for a run that waits no more', async () => {
    const run = await queued();
    await unchanged(run, runs.release(id, { deadlineAt: 7, nextActionAt: 8 }), false);
  });

  it('E13 is refused for a run that was not admitted yet', async () => {
    const run = await made({ waitsFor: [1] });
    await unchanged(run, runs.release(id, { deadlineAt: 7, nextActionAt: 8 }), false);
  });
});

describe('overrides', () => {
  const by = { at: 9500, keyId: 'key', ownerId: 1 };
  const override = (comment: string) => ({ ...by, cases: [{ position: 1, result: 'passed', comment } as const] });
  const shown = { ...by, cases: 1, counts: aCompletion().counts };

  it('leave all that the completed run says of itself', async () => {
    const run = await completed();
    const changed = await runs.override(run, override('known'), shown);
    const { overridden, ...same } = changed ?? run;
    expect(same).toEqual({ ...run, version: run.version + 1 });
    expect(overridden).toMatchObject(shown);
    expect(await runs.readOverrides(await read())).toEqual([override('known')]);
  });

  it('are read oldest first, and cost nothing where there are none', async () => {
    const run = await completed();
    expect(await runs.readOverrides(run)).toEqual([]);
    let last: Run | undefined = run;
    for (const comment of ['first', 'second', 'third'])
      last = last && (await runs.override(last, override(comment), shown));
    expect(await runs.readOverrides(await read())).toEqual(['first', 'second', 'third'].map(override));
  });

  it('made at once do not overwrite each other: one counts, the other leaves no trace', async () => {
    const run = await completed();
    const both = await Promise.all(['one', 'other'].map((comment) => runs.override(run, override(comment), shown)));
    expect(both.filter((changed) => changed !== undefined)).toHaveLength(1);
    const winner = both[0] === undefined ? 'other' : 'one';
    expect(await runs.readOverrides(await read())).toEqual([override(winner)]);
    await runs.override(await read(), override('later'), shown);
    expect(await runs.readOverrides(await read())).toEqual([override(winner), override('later')]);
  });

  it('are refused while the run lives, at another version, and of a run that is not there', async () => {
    const live = await stopping();
    await unchanged(live, runs.override(live, override('a'), shown), undefined);
    id += 1;
    const run = await completed();
    await unchanged(run, runs.override({ ...run, version: run.version - 1 }, override('a'), shown), undefined);
    expect(await runs.override(aRun(id + 1, { status: 'completed' }), override('a'), shown)).toBeUndefined();
    expect(await runs.getRun(id + 1)).toBeUndefined();
  });
});

describe('idempotency keys (E9)', () => {
  const claim = (runId: number, change = {}) =>
    runs.claimIdempotency({ key: `key ${id}`, runId, fingerprint: 'a', now: 10_000, expiresAt: 60_000, ...change });

  it('are won by the first', async () => {
    expect(await claim(1)).toEqual({ won: true });
  });

  it('tell the second about the first', async () => {
    await claim(1);
    expect(await claim(2, { fingerprint: 'b' })).toEqual({ won: false, runId: 1, fingerprint: 'a' });
  });

  it('are free again when they expire, whether or not the item is gone', async () => {
    await claim(1);
    expect(await claim(2, { now: 61_000, expiresAt: 90_000 })).toEqual({ won: true });
  });

  it('are held until the second they expire', async () => {
    await claim(1);
    expect(await claim(2, { now: 60_000 })).toMatchObject({ won: false });
  });

  it('pass over a run that was seen rejected', async () => {
    await claim(1);
    expect(await claim(2, { seenOver: 1 })).toEqual({ won: true });
    expect(await claim(3, { seenOver: 1 })).toMatchObject({ won: false, runId: 2 });
  });
});

describe('dispatch', () => {
  it('E14 claims what is due', async () => {
    expect(await calling()).toMatchObject({ dispatch: 'calling', claimedAt: 2000, version: 3 });
  });

  it('E14 is refused while another call may be open', async () => {
    const run = await calling();
    await unchanged(run, runs.claimDispatch(run, 2500, 2000), undefined);
  });

  it('E14 is taken over once the call has timed out', async () => {
    const run = await calling();
    expect(await runs.claimDispatch(run, 70_000, 2001)).toMatchObject({ claimedAt: 70_000 });
  });

  it('E14 is refused for a waiting run', async () => {
    const run = await queued(id, [1]);
    await unchanged(run, runs.claimDispatch(run, 2000, 0), undefined);
  });

  it('E14 is refused for an attempt that is over', async () => {
    const run = await queued();
    await unchanged(run, runs.claimDispatch({ ...run, attempt: 2 }, 2000, 0), undefined);
  });

  it('E14 is refused for a stopping run', async () => {
    const run = await stopping();
    await unchanged(run, runs.claimDispatch(run, 2000, 9000), undefined);
  });

  it('goes back to due when the executor could not take it', async () => {
    expect(await runs.releaseDispatch(await calling(), 4000, true)).toBe(true);
    expect(await read()).toMatchObject({ dispatch: 'due', dispatchAfter: 4000, dispatchTries: 1, claimedAt: 2000 });
  });

  it('goes back to due as if never tried when the try is known to have started nothing', async () => {
    expect(await runs.releaseDispatch(await calling(), 4000, 'nothingStarted')).toBe(true);
    const run = await read();
    expect(run).toMatchObject({ dispatch: 'due', dispatchTries: 1 });
    expect(run?.claimedAt).toBeUndefined();
  });

  it('E14 remembers the first try that may have started a job, until the next attempt', async () => {
    await runs.releaseDispatch(await calling(), 4000, true);
    const second = await runs.claimDispatch((await read()) as Run, 5000, 0);
    expect(second).toMatchObject({ claimedAt: 5000, triedSince: 2000 });
    await runs.releaseDispatch(second as Run, 6000, 'nothingStarted');
    const third = (await runs.claimDispatch((await read()) as Run, 7000, 0)) as Run;
    expect(third).toMatchObject({ claimedAt: 7000, triedSince: 2000 });
    const next = await runs.nextAttempt(third, { attempt: 2, why: 'redispatch', requested: null }, 8000);
    expect(next).toMatchObject({ attempt: 2 });
    expect([next?.claimedAt, next?.triedSince]).toEqual([undefined, undefined]);
  });

  it('E14 is refused for who does not know of a try before', async () => {
    const before = await queued();
    await runs.releaseDispatch((await runs.claimDispatch(before, 2000, 0)) as Run, 4000, true);
    const run = (await read()) as Run;
    await unchanged(run, runs.claimDispatch(before, 5000, 0), undefined);
  });

  it('remembers why the last try failed until one is accepted', async () => {
    await runs.releaseDispatch(await calling(), 4000, true, 'The runner is down.');
    const due = (await read()) as Run;
    expect(due.dispatchProblem).toBe('The runner is down.');
    const again = (await runs.claimDispatch(due, 5000, 0)) as Run;
    const times = { at: 6000, deadlineAt: 50_000, nextActionAt: 7000 };
    expect((await runs.acceptDispatch(again, attempt, times))?.dispatchProblem).toBeUndefined();
  });

  it('waits while it is due, without a try, and not once it was called', async () => {
    const run = await calling();
    await unchanged(run, runs.holdDispatch(run, 9000), false);
    await runs.releaseDispatch(run, 4000, false);
    expect(await runs.holdDispatch(run, 9000)).toBe(true);
    expect(await read()).toMatchObject({ dispatch: 'due', dispatchAfter: 9000, dispatchTries: 0 });
  });

  it('is not asked about before its time, for the attempt that was asked about', async () => {
    const run = await running();
    await runs.holdPoll(run, 9000);
    expect(await read()).toMatchObject({ pollAfter: 9000, lastProgressAt: run.lastProgressAt, version: run.version });
    await runs.holdPoll({ ...run, attempt: 2 }, 99_000, 8000);
    expect(await read()).toMatchObject({ pollAfter: 9000, lastProgressAt: run.lastProgressAt });
    await runs.holdPoll(run, 12_000, 8000);
    expect(await read()).toMatchObject({ pollAfter: 12_000, lastProgressAt: 8000 });
  });

  it('does not go back to due once it was accepted', async () => {
    const run = await running();
    await unchanged(run, runs.releaseDispatch(run, 4000, true), false);
  });

  it('E15 makes the run running, once', async () => {
    const run = await running();
    expect(run).toMatchObject({ status: 'running', dispatch: 'accepted', startedAt: 2000, deadlineAt: 50_000 });
    expect(run.outbox).toEqual(new Set(['queued', 'started']));
    expect((await runs.readItems(run)).attempts).toEqual([attempt]);
  });

  it('E15 is refused for a run that was stopped during the call, but its job is known', async () => {
    const run = await calling();
    const stopped = (await runs.stop(run, 9000)) as Run;
    await unchanged(stopped, runs.acceptDispatch(run, attempt, times), undefined);
    expect((await runs.readItems(run)).attempts).toEqual([attempt]);
  });

  it('E15 keeps the first start when results came before the answer', async () => {
    const run = await calling();
    await runs.markRunning(id, { at: 1500, deadlineAt: 40_000, nextActionAt: 2000 });
    await runs.acceptDispatch(run, attempt, times);
    expect(await read()).toMatchObject({ startedAt: 1500, deadlineAt: 40_000, dispatch: 'accepted' });
  });

  it('E15 alone is refused for a waiting run', async () => {
    const run = await queued(id, [1]);
    await unchanged(run, runs.markRunning(id, times), undefined);
  });

  it('E15 alone is refused for a running run', async () => {
    const run = await running();
    await unchanged(run, runs.markRunning(id, { ...times, at: 7777 }), undefined);
  });
});

describe('results', () => {
  it('E5 stores a batch', async () => {
    const run = await running();
    expect(await runs.putBatch(id, aBatch('b', [[3, 'passed']]))).toBe('stored');
    expect((await runs.readItems(run)).batches).toEqual([aBatch('b', [[3, 'passed']])]);
  });

  it('E5 stores a batch that has nothing but the end of its attempt', async () => {
    const run = await running();
    const batch = aBatch('b', [], { end: { expectedCases: 0 } });
    expect(await runs.putBatch(id, batch)).toBe('stored');
    expect((await runs.readItems(run)).batches).toEqual([batch]);
    expect(await runs.putBatch(id, batch)).toBe('same');
  });

  it('E5 knows a repeat', async () => {
    await running();
    await runs.putBatch(id, aBatch('b', [[3, 'passed']]));
    expect(await runs.putBatch(id, aBatch('b', [[3, 'passed']]))).toBe('same');
  });

  it('E5 refuses an id with other bytes, and keeps the first', async () => {
    const run = await running();
    await runs.putBatch(id, aBatch('b', [[3, 'passed']]));
    expect(await runs.putBatch(id, aBatch('b', [[3, 'failed']], { sha256: 'other' }))).toBe('reused');
    expect((await runs.readItems(run)).batches).toEqual([aBatch('b', [[3, 'passed']])]);
  });

  it('E5 does not count a batch before all its parts are there', async () => {
    const run = await running();
    const parts = [...aBatch('b', [[1, 'passed']]).parts, ...aBatch('b', [[2, 'failed']]).parts];
    await runs.putBatch(id, { ...aBatch('b', []), parts });
    await table.table.delete({ pk: `RUN#${id}`, sk: 'BATCH#1#b#0001' });
    expect((await runs.readItems(run)).batches).toEqual([]);
    await runs.putBatch(id, { ...aBatch('b', []), parts });
    expect((await runs.readItems(run)).batches).toMatchObject([{ parts }]);
  });

  it('E6 acknowledges a live run, and wakes it when the batch is final', async () => {
    await running();
    expect(await runs.acknowledge(id, { at: 7000, final: false, bytes: 10 })).toMatchObject({
      wakeSeq: 0,
      packedBytes: 10,
    });
    expect(await runs.acknowledge(id, { at: 8000, final: true, bytes: 5 })).toMatchObject({
      wakeSeq: 1,
      packedBytes: 15,
      lastProgressAt: 8000,
    });
  });

  it('E6 takes results of a stopping run', async () => {
    const run = await stopping();
    expect(await runs.acknowledge(id, { at: 7000, final: false, bytes: 0 })).toMatchObject({
      version: run.version + 1,
    });
  });

  it('E6 is refused for a completed run', async () => {
    const run = await completed();
    await unchanged(run, runs.acknowledge(id, { at: 7000, final: true, bytes: 10 }), undefined);
  });

  it('E6 is refused for a run that is not there, and makes no ghost', async () => {
    expect(await runs.acknowledge(id, { at: 7000, final: true, bytes: 10 })).toBeUndefined();
    expect(await runs.getRun(id)).toBeUndefined();
  });

  it('reads back the chunks of the address asked for, in order, whether they fit one item or not', async () => {
    const chunks = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    const large = [new Uint8Array(1000).fill(1), new Uint8Array(maxPartBytes).fill(2), Uint8Array.of(3)];
    await runs.putResultChunks(id, '3#aa', chunks);
    await runs.putResultChunks(id, '3#bb', [Uint8Array.of(9)]);
    await runs.putResultChunks(id, '3#cc', large);
    for (const count of [1, 2, 3]) {
      expect(await runs.readResultChunks(id, '3#aa', count)).toEqual(chunks.slice(0, count));
      expect(await runs.readResultChunks(id, '3#cc', count)).toEqual(large.slice(0, count));
    }
    expect(await runs.readResultChunks(id, '3#bb', 5)).toEqual([Uint8Array.of(9)]);
  });

  it('reads back a result from before its first chunks shared an item', async () => {
    for (const n of [0, 1])
      await table.table.put({ pk: `RUN#${id}`, sk: `RESULT#3#dd#000${n}`, bytes: Uint8Array.of(n) });
    expect(await runs.readResultChunks(id, '3#dd', 2)).toEqual([Uint8Array.of(0), Uint8Array.of(1)]);
  });

  it('reads back a result that was written in both ways at once, as while a new version is deployed', async () => {
    const chunks = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    for (const [n, bytes] of chunks.entries())
      await table.table.put({ pk: `RUN#${id}`, sk: `RESULT#3#ee#000${n}`, bytes });
    await runs.putResultChunks(id, '3#ee', chunks);
    for (const count of [1, 2, 3])
      expect(await runs.readResultChunks(id, '3#ee', count)).toEqual(chunks.slice(0, count));
  });

  it('adds result ids once for one look at the run', async () => {
    const run = await running();
    expect(await runs.extendResultIds(run, 0, 5)).toBe(true);
    expect(await runs.extendResultIds(run, 0, 5)).toBe(false);
    expect((await read()).resultIds).toHaveLength(1);
  });

  it('adds no result ids to a completed run', async () => {
    const run = await completed();
    await unchanged(run, runs.extendResultIds(run, 0, 5), false);
  });
});

describe('attempts', () => {
  const request = { attempt: 2, why: 'rerun', requested: [4, 5] } as const;

  it('E16 makes the next attempt, with what it has to run', async () => {
    const run = (await runs.nextAttempt(await running(), request, 6000)) as Run;
    expect(run).toMatchObject({ attempt: 2, dispatch: 'due', dispatchTries: 0, status: 'running' });
    expect((await runs.readItems(run)).requests).toEqual([request]);
  });

  it('E16 remembers the attempts that were replaced, also of a run nobody took', async () => {
    const again = { attempt: 2, why: 'redispatch', requested: null } as const;
    const untaken = await calling();
    const run = (await runs.nextAttempt(untaken, again, 6000)) as Run;
    expect(run).toMatchObject({ status: 'queued', attempt: 2, dispatch: 'due', redispatches: [1] });
    expect(rerunsUsed(run)).toBe(0);
    await unchanged(run, runs.nextAttempt(untaken, again, 6000), undefined);
    expect((await runs.readItems(run)).requests).toEqual([again]);
  });

  it('E16 counts the attempts that are further stages apart from reruns', async () => {
    const run = (await runs.nextAttempt(await running(), { ...request, why: 'stage' }, 6000)) as Run;
    expect(rerunsUsed(run)).toBe(0);
    const accepted = (await runs.nextAttempt(run, { attempt: 3, why: 'rerun', requested: [4] }, 7000)) as Run;
    expect([accepted.stages, rerunsUsed(accepted)]).toEqual([1, 1]);
    const last = (await runs.nextAttempt(accepted, { attempt: 4, why: 'stage', requested: [6] }, 8000)) as Run;
    expect([last.stages, rerunsUsed(last)]).toEqual([2, 1]);
    expect((await runs.readItems(last)).requests.map(({ why }) => why)).toEqual(['stage', 'rerun', 'stage']);
  });

  it('E16 is refused when anything happened since the decision', async () => {
    const run = await running();
    const later = (await runs.acknowledge(id, { at: 7000, final: false, bytes: 0 })) as Run;
    await unchanged(later, runs.nextAttempt(run, request, 6000), undefined);
  });

  it('E16 refused leaves nothing that another decision would read', async () => {
    const run = await running();
    await runs.nextAttempt({ ...run, version: 99 }, { ...request, requested: [7] }, 6000);
    const next = (await runs.nextAttempt(run, request, 6000)) as Run;
    expect((await runs.readItems(next)).requests).toEqual([request]);
  });

  it('E16 is refused for a stopping run', async () => {
    const run = await stopping();
    await unchanged(run, runs.nextAttempt(run, request, 6000), undefined);
  });
});

describe('stopping', () => {
  it('E17 stops a running run', async () => {
    const before = await running();
    expect(await runs.stop(before, 9000)).toMatchObject({
      status: 'stopping',
      stopBy: 9000,
      nextActionAt: 9000,
      wakeSeq: 1,
    });
  });

  it('E17 is refused when anything happened since the decision', async () => {
    const run = await running();
    const later = (await runs.acknowledge(id, { at: 7000, final: false, bytes: 0 })) as Run;
    await unchanged(later, runs.stop(run, 9000), undefined);
  });

  it('E17 is refused for a run that is stopping already', async () => {
    const run = await stopping();
    await unchanged(run, runs.stop(run, 99_000), undefined);
  });

  it('E17 is refused for a completed run', async () => {
    const run = await completed();
    await unchanged(run, runs.stop(run, 99_000), undefined);
  });
});

describe('executions', () => {
  it('E18 registers a token while nothing happened since the decision', async () => {
    await running();
    expect(await runs.registerToken(id, 0, 'token', 4000)).toBe(true);
    expect(await read()).toMatchObject({ taskToken: 'token', nextActionAt: 4000 });
  });

  it('E18 is refused when the run was woken since', async () => {
    await running();
    const woken = (await runs.acknowledge(id, { at: 7000, final: true, bytes: 0 })) as Run;
    await unchanged(woken, runs.registerToken(id, 0, 'token', 4000), false);
  });

  it('E18 is refused for a completed run', async () => {
    const run = await completed();
    await unchanged(run, runs.registerToken(id, run.wakeSeq, 'token', 4000), false);
  });

  it('E18 again keeps a token for longer that was seen, and never brings one back', async () => {
    await running();
    await runs.registerToken(id, 0, 'token', 4000);
    const seen = await read();
    expect(await runs.keepToken(seen, 5000)).toBe(true);
    expect(await read()).toMatchObject({ taskToken: 'token', nextActionAt: 5000 });
    await runs.registerToken(id, 0, 'of another wait', 6000);
    await unchanged(await read(), runs.keepToken(seen, 7000), false);
    const woken = (await runs.acknowledge(id, { at: 7000, final: true, bytes: 0 })) as Run;
    await unchanged(woken, runs.keepToken({ ...woken, wakeSeq: 0 }, 8000), false);
  });

  it('E18 again is refused for a completed run', async () => {
    const run = await running();
    await runs.registerToken(id, 0, 'token', 4000);
    const over = (await runs.complete(run, aCompletion())) as Run;
    await unchanged(over, runs.keepToken({ ...over, taskToken: 'token' }, 5000), false);
  });

  it('a token whose task is over is marked, unless another was registered or the run is over', async () => {
    await running();
    await runs.registerToken(id, 0, 'token', 4000);
    const seen = await read();
    await runs.markTokenOver(seen);
    expect(await read()).toMatchObject({ taskToken: tokenOver, version: seen.version });
    await runs.registerToken(id, 0, 'another', 5000);
    await unchanged(await read(), runs.markTokenOver(seen), undefined);
    const over = (await runs.complete(await read(), aCompletion())) as Run;
    await unchanged(over, runs.markTokenOver({ ...over, taskToken: 'another' }), undefined);
  });

  it('E19 moves on to the next execution and forgets the token', async () => {
    await running();
    await runs.registerToken(id, 0, 'token', 4000);
    expect(await runs.continueExecution(id, 1, 6000)).toBe(true);
    const run = await read();
    expect(run).toMatchObject({ executionN: 2, nextActionAt: 6000 });
    expect(run.taskToken).toBeUndefined();
  });

  it('E19 is refused to the second who sees the same execution fail', async () => {
    await running();
    await runs.continueExecution(id, 1, 6000);
    await unchanged(await read(), runs.continueExecution(id, 1, 7000), false);
  });

  it('E19 is refused for a completed run', async () => {
    const run = await completed();
    await unchanged(run, runs.continueExecution(id, 1, 7000), false);
  });
});

describe('completion', () => {
  it('E7 completes a live run', async () => {
    expect(await completed()).toMatchObject({
      status: 'completed',
      result: 'passed',
      resultAt: '1#abc',
      endedAt: 9000,
    });
  });

  it('E7 is refused when anything happened since the decision', async () => {
    const run = await running();
    const later = (await runs.acknowledge(id, { at: 7000, final: false, bytes: 0 })) as Run;
    await unchanged(later, runs.complete(run, aCompletion()), undefined);
  });

  it('E7 is refused for a completed run: its result never changes', async () => {
    const run = await completed();
    const ending = { result: 'failed', reason: 'casesFailed', explanation: '' } as const;
    await unchanged(run, runs.complete(run, aCompletion({ ending })), undefined);
  });

  it('E7 is refused for a run that was not admitted', async () => {
    const run = await made();
    await unchanged(run, runs.complete(run, aCompletion()), undefined);
  });

  it('E8 takes the run off the sweeper’s list when the last event is out', async () => {
    await completed();
    await runs.markSent(id, ['queued', 'started', 'completed']);
    const run = await read();
    expect(run.outbox).toBeUndefined();
    expect(run.nextActionAt).toBeUndefined();
    expect(await runs.listDue(Number.MAX_SAFE_INTEGER, 1000)).not.toContain(id);
  });

  it('E8 of the first event leaves the last one', async () => {
    await completed();
    await runs.markSent(id, ['queued', 'started']);
    expect((await read()).outbox).toEqual(new Set(['completed']));
    expect((await read()).nextActionAt).toBe(10_000);
  });

  it('E8 keeps a run on the list while its job may live', async () => {
    await runs.complete(await running(), aCompletion({ cancelPending: true }));
    await runs.markSent(id, ['queued', 'started', 'completed']);
    expect(await read()).toMatchObject({ cancelPending: true, nextActionAt: 10_000 });
    await runs.cancelDone(id);
    expect((await read()).cancelPending).toBeUndefined();
    expect(await runs.listDue(Number.MAX_SAFE_INTEGER, 1000)).not.toContain(id);
  });

  it('keeps a run on the list while its event is unsent, though its job is gone', async () => {
    await runs.complete(await running(), aCompletion({ cancelPending: true }));
    await runs.cancelDone(id);
    expect((await read()).nextActionAt).toBe(10_000);
  });

  it('never brings a finished run back to the sweeper', async () => {
    await completed();
    await runs.markSent(id, ['queued', 'started', 'completed']);
    await runs.scheduleNext(id, 1);
    expect((await read()).nextActionAt).toBeUndefined();
  });

  it('counts no strikes of a completed run', async () => {
    const run = await completed();
    await unchanged(run, runs.countGarbage(run, 2), undefined);
  });
});

describe('reruns (E20)', () => {
  it('are linked once', async () => {
    expect(await runs.linkRerun(id, 1)).toBe(true);
    expect(await runs.linkRerun(id, 2)).toBe(false);
    expect(await runs.getRerun(id)).toBe(1);
  });

  it('replace a child that was seen rejected', async () => {
    await runs.linkRerun(id, 1);
    expect(await runs.linkRerun(id, 2, 1)).toBe(true);
    expect(await runs.linkRerun(id, 3, 1)).toBe(false);
    expect(await runs.getRerun(id)).toBe(2);
  });
});

describe('lists', () => {
  it('show admitted runs of a plan, newest first, and no others', async () => {
    for (let n = 0; n < 4; n++) await queued(id + n);
    await made({}, id + 4);
    expect(await runs.listByPlan(planId, id + 3, 2)).toEqual([id + 2, id + 1]);
    expect(await runs.listByPlan(planId, id, 9, true)).toEqual([id + 1, id + 2, id + 3]);
    expect(await runs.countByPlan(planId)).toBe(4);
  });

  it('show the runs of a project', async () => {
    const project = `project ${id}`;
    for (const n of [0, 1]) await runs.admit(await made({ project }, id + n), { deadlineAt: 1, nextActionAt: 1 });
    expect(await runs.listByProject(project, id + 9, 9)).toEqual([id + 1, id]);
  });

  it('show what is due, oldest first', async () => {
    for (const n of [0, 1, 2]) await made({ nextActionAt: -100 - n }, id + n);
    expect(await runs.listDue(-100, 10)).toEqual([id + 2, id + 1, id]);
    expect(await runs.listDue(-102, 10)).toEqual([id + 2]);
    for (const n of [0, 1, 2]) await runs.scheduleNext(id + n, 1e12);
  });
});

describe('the slots of what is limited', () => {
  const key = (): SlotKey => `environment#${planId}`;
  const take = (runId: number, slots = 1, since = 1, ahead = 0) =>
    slotStore.takeSlot({ key: key(), slots }, runId, since, ahead);
  const holders = async () => [...((await slotStore.readSlots([key()]))[0]?.holders.keys() ?? [])];

  it('E21 is taken while there is a free one, and no longer', async () => {
    expect([await take(1, 2), await take(2, 2), await take(3, 2)]).toEqual([true, true, false]);
    expect(await holders()).toEqual([1, 2]);
  });

  it('E21 is taken again by its holder, also when there are fewer now', async () => {
    await take(1, 2);
    expect(await take(1, 0, 2)).toBe(true);
  });

  it('E21 is refused where there is none', async () => {
    expect(await take(1, 0)).toBe(false);
    expect(await holders()).toEqual([]);
  });

  it('E21 is refused to who must leave the free one to an older waiting run', async () => {
    expect(await take(5, 2, 1, 1)).toBe(true);
    expect(await take(6, 2, 1, 1)).toBe(false);
    expect(await take(4, 2)).toBe(true);
  });

  it('E21 ends the wait, and remembers how many there are', async () => {
    await slotStore.waitForSlot(key(), 4);
    await slotStore.waitForSlot(key(), 5);
    await take(4, 3, 7);
    expect(await slotStore.readSlots([key()])).toEqual([
      { holders: new Map([[4, 7]]), waiting: new Set([5]), slots: 3 },
    ]);
  });

  it('E21 of an earlier try is refused after a later one', async () => {
    await take(1, 2, 5);
    expect(await take(1, 2, 4)).toBe(false);
  });

  it('a slot of a later try is not given back by an earlier one', async () => {
    await take(1, 2, 5);
    expect(await slotStore.untakeSlot(key(), 1, 4)).toBeUndefined();
    expect(await holders()).toEqual([1]);
    expect(await slotStore.untakeSlot(key(), 1, 5)).toMatchObject({ holders: new Map() });
    expect(await slotStore.untakeSlot(key(), 1, 5)).toBeUndefined();
  });

  it('are given back for good, again and again, with the place among those that wait', async () => {
    await take(1, 1, 9);
    await slotStore.waitForSlot(key(), 2);
    await slotStore.waitForSlot(key(), 1);
    for (const _ of [1, 2]) {
      expect(await slotStore.leaveSlots(key(), 1)).toEqual({ holders: new Map(), waiting: new Set([2]), slots: 1 });
    }
    await slotStore.stopWaiting(key(), 2);
    expect((await slotStore.readSlots([key()]))[0]?.waiting).toEqual(new Set());
  });

  it('of a set nobody used are none, and leaving it is no error', async () => {
    expect(await slotStore.readSlots([key()])).toEqual([{ holders: new Map(), waiting: new Set() }]);
    expect(await slotStore.leaveSlots(key(), 1)).toEqual({ holders: new Map(), waiting: new Set() });
  });

  it('are read in the order asked for', async () => {
    await take(1);
    const sets = await slotStore.readSlots(['environment#999999', key(), 'project#nobody']);
    expect(sets.map(({ holders: held }) => held.size)).toEqual([0, 1, 0]);
  });

  it('the last one raced has one winner', async () => {
    for (let round = 0; round < 50; round++) {
      planId += 1;
      const answers = await Promise.all([take(1), take(2), take(3)]);
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await holders()).toHaveLength(1);
    }
  });
});

describe('a run that needs slots', () => {
  const slots: SlotKey[] = ['environment#1'];
  const times = { deadlineAt: 60_000, nextActionAt: 4000 };
  const began = async (): Promise<Run> => (await runs.beginSlots(await queued(), slots)) as Run;

  it('is not dispatched between naming them and having them', async () => {
    const run = await began();
    await unchanged(run, runs.claimDispatch(run, 2000, 0), undefined);
    const held = await runs.holdSlots(run, times);
    expect(held).toMatchObject({ slots, slotsHeld: true, deadlineAt: 60_000 });
    expect(await runs.claimDispatch(held as Run, 2000, 0)).toMatchObject({ dispatch: 'calling' });
  });

  it('has them by its newest try only', async () => {
    const first = await began();
    const second = (await runs.beginSlots(first, slots)) as Run;
    await unchanged(second, runs.holdSlots(first, times), undefined);
    expect(await runs.holdSlots(second, times)).toMatchObject({ slotsHeld: true });
  });

  it('begins no further try once it has them, once it was dispatched, or before it is its turn', async () => {
    const held = (await runs.holdSlots(await began(), times)) as Run;
    await unchanged(held, runs.beginSlots(held, slots), undefined);
    id += 1;
    const called = await calling();
    await unchanged(called, runs.beginSlots(called, slots), undefined);
    id += 1;
    const behind = await queued(id, [1]);
    await unchanged(behind, runs.beginSlots(behind, slots), undefined);
  });

  it('waits for those that are taken, and is called only while it does', async () => {
    const run = await began();
    expect(await runs.callWaiter(run.id)).toBeUndefined();
    const change = { slots, waitsForSlots: slots, deadlineAt: 90_000, nextActionAt: 4000 };
    const waiting = (await runs.waitForSlots(run, change)) as Run;
    expect(waiting).toMatchObject({ waitsForSlots: slots, deadlineAt: 90_000 });
    expect(await runs.callWaiter(run.id)).toMatchObject({ wakeSeq: waiting.wakeSeq + 1, version: waiting.version });
    const held = (await runs.holdSlots((await runs.beginSlots(waiting, slots)) as Run, times)) as Run;
    expect(held.waitsForSlots).toBeUndefined();
    expect(await runs.callWaiter(run.id)).toBeUndefined();
  });

  it('does not begin to wait once something else happened to it', async () => {
    const run = await began();
    await runs.acknowledge(run.id, { at: 2000, final: false, bytes: 0 });
    const change = { slots, waitsForSlots: slots, deadlineAt: 90_000, nextActionAt: 4000 };
    expect(await runs.waitForSlots(run, change)).toBeUndefined();
  });

  it('may have them when it is admitted', async () => {
    const run = await made({ slots });
    expect(await runs.admit(run, { ...times, slotsHeld: true })).toMatchObject({ status: 'queued', slotsHeld: true });
  });
});

describe('the limit of a project', () => {
  it('is told to every trigger of the project until it is taken away', async () => {
    await slotStore.putProjectLimit(planId, 3);
    expect(await runs.allocateRun(1, planId)).toMatchObject({ projectLimit: 3 });
    expect((await runs.allocateRun(1, planId + 1)).projectLimit).toBeUndefined();
    expect((await slotStore.getProjectLimits()).get(planId)).toBe(3);
    await slotStore.putProjectLimit(planId, null);
    expect((await runs.allocateRun(1, planId)).projectLimit).toBeUndefined();
    expect((await slotStore.getProjectLimits()).has(planId)).toBe(false);
  });
});

describe('races', () => {
  const services = (plan: Plan) => ({
    ...table.stores,
    runs,
    executors: () => ({ capabilities: () => ({ selects: 'cases', callsBack: true, polls: false, stops: true }) }),
    workflow: { start: async () => 'open', wake: async () => {} },
    now: () => 1000 + plan.id,
    log: () => {},
  });
  const trigger = (plan: Plan) =>
    triggerRun(services(plan) as never, {
      planId: plan.id,
      maySee: () => true,
      trigger: { type: 'api', keyId: 'key', ownerId: 1 },
    });

  it('40 simultaneous triggers of a plan under reject start one run', async () => {
    for (let round = 0; round < 5; round++) {
      const plan = await plans.createPlan(aDocument({ name: `Race ${planId} ${round}`, overlap: 'reject' }), 1, 0);
      const answers = await Promise.allSettled(Array.from({ length: 40 }, () => trigger(plan)));
      const won = answers.filter(({ status }) => status === 'fulfilled');
      const codes = answers.flatMap((answer) => (answer.status === 'rejected' ? answer.reason.code : []));
      expect(won).toHaveLength(1);
      expect(new Set(codes)).toEqual(new Set(['ALREADY_RUNNING']));
      expect((await runs.readLock(plan.id)).active.size).toBe(1);
      expect(await runs.countByPlan(plan.id)).toBe(1);
    }
  });

  it('10 simultaneous triggers under queue are one active run and nine waiting ones', async () => {
    const plan = await plans.createPlan(aDocument({ name: `Queue ${planId}` }), 1, 0);
    await Promise.all(Array.from({ length: 10 }, () => trigger(plan)));
    const lock = await runs.readLock(plan.id);
    expect([lock.active.size, lock.waiting.size]).toEqual([1, 9]);
  });

  it('stop and completion raced have one winner', async () => {
    for (let round = 0; round < 20; round++) {
      id += 10;
      const run = await running();
      const answers = await Promise.all([runs.stop(run, 9000), runs.complete(run, aCompletion())]);
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    }
  });

  it('one of two claims a dispatch', async () => {
    for (let round = 0; round < 20; round++) {
      id += 10;
      const run = await queued();
      const answers = await Promise.all([runs.claimDispatch(run, 2000, 0), runs.claimDispatch(run, 2000, 0)]);
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    }
  });

  it('names learnt at the same time get positions of their own', async () => {
    const plan = await plans.createPlan(aDocument({ name: `Names ${planId}` }), 1, 0);
    const other = table.otherStores().plans;
    const entry = (name: string) => [{ kind: 'suite', name } as const];
    const answers = await Promise.all([
      plans.appendCatalog(plan.id, 0, entry('a')),
      other.appendCatalog(plan.id, 0, entry('b')),
    ]);
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect((await plans.readCatalog(plan.id)).entries).toHaveLength(1);
    expect(await other.readCatalog(plan.id)).toEqual(await plans.readCatalog(plan.id));
  });
});

describe('circuits', () => {
  const circuit = { version: 1, failures: 1, since: 1000, lastAt: 1000, kind: 'dispatch', opened: 0 } as const;

  it('are read as they were put', async () => {
    const { circuits } = table.stores;
    expect(await circuits.getCircuit('a')).toBeUndefined();
    expect(await circuits.putCircuit('a', undefined, circuit)).toBe(true);
    const open = { ...circuit, version: 2, openUntil: 31_000, probe: 'run-1-a1', probeUntil: 90_000 };
    expect(await circuits.putCircuit('a', circuit, open)).toBe(true);
    expect(await circuits.getCircuit('a')).toEqual(open);
    expect(await circuits.getCircuit('b')).toBeUndefined();
  });

  it('take the first of twenty who write after the same look', async () => {
    const { circuits } = table.stores;
    const all = (seen: typeof circuit | undefined, version: number) =>
      Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          circuits.putCircuit('c', seen, { ...circuit, version, probe: `run-${i}-a1` }),
        ),
      );
    expect((await all(undefined, 1)).filter(Boolean)).toHaveLength(1);
    expect((await all(circuit, 2)).filter(Boolean)).toHaveLength(1);
  });
});
