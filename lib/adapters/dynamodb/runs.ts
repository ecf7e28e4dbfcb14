import { gunzipSync, gzipSync } from 'node:zlib';
import { maxPartBytes } from '../../core/batch.ts';
import type { RunInput, RunStore } from '../../core/ports.ts';
import { type Run, tokenOver } from '../../core/run.ts';
import { createBatches, putRequest } from './batches.ts';
import { dueKinds, dueShards } from './definition.ts';
import { createLocks } from './locks.ts';
import { putOverride, readOverrides } from './overrides.ts';
import { findBlock, putBlocks } from './result-blocks.ts';
import { dueShard, inputKey, metaKey, requestName, rerunKey, runSequence, toRun, toRunItem } from './run-item.ts';
import type { Item, Key, Table } from './table.ts';

/** Rejected runs were never seen by anyone; they go after a day. */
const rejectedKeepSeconds = 24 * 3600;

const live = 'attribute_exists(#pk) AND #status IN (:queued, :running, :stopping)';
const liveValues = { queued: 'queued', running: 'running', stopping: 'stopping', one: 1 };
const bump = '#version = #version + :one';
const noInput: RunInput = { runtimeData: {}, uploadVersions: {}, picked: null };

/** The run protocol on DynamoDB. Each write is the expression of reliability.md 3.3 that its comment names. */
export function createRunStore(table: Table): RunStore {
  /** One update of META; undefined when its condition refused it. */
  const change = async (runId: number, update: string, values: Item, condition: string): Promise<Run | undefined> => {
    const item = await table.update(metaKey(runId), update, { ...liveValues, ...values }, condition);
    return item && toRun(item);
  };

  return {
    ...createLocks(table),
    ...createBatches(table),

    // E10, with the block of result ids and the projects' limits on the same item, so that a trigger makes one call for all.
    async allocateRun(resultIds, projectId) {
      const item = await table.update(runSequence, 'ADD #n :one, #results :many', { one: 1, many: resultIds });
      const limit = item?.[`limit${projectId}`];
      return {
        runId: Number(item?.n),
        firstResultId: Number(item?.results) - resultIds + 1,
        ...(limit === undefined ? {} : { projectLimit: Number(limit) }),
      };
    },

    async extendResultIds(run, fromIndex, count) {
      const item = await table.update(runSequence, 'ADD #results :many', { many: count });
      const block = [[fromIndex, Number(item?.results) - count + 1, count]] as const;
      // Before the run names it: an id that is listed must be found at once.
      await putBlocks(table, run.id, block);
      const condition = `size(#resultIds) = :known AND ${live}`;
      const update = 'SET #resultIds = list_append(#resultIds, :block)';
      return (await change(run.id, update, { block, known: run.resultIds.length }, condition)) !== undefined;
    },

    // E9
    async claimIdempotency({ key, runId, fingerprint, now, expiresAt, seenOver }) {
      const itemKey = idempotencyKey(key);
      const item = { ...itemKey, runId, fingerprint, expiresAt: Math.ceil(expiresAt / 1000) };
      const condition = 'attribute_not_exists(#pk) OR #expiresAt < :now OR #runId = :seenOver';
      const values = { now: Math.floor(now / 1000), seenOver: seenOver ?? 0 };
      for (;;) {
        if (await table.put(item, condition, values)) return { won: true };
        const held = await table.get(itemKey);
        // Gone in between (retention): put it again.
        if (held !== undefined) return { won: false, runId: Number(held.runId), fingerprint: String(held.fingerprint) };
      }
    },

    async getIdempotency(key, now) {
      const held = await table.get(idempotencyKey(key));
      if (held === undefined || Number(held.expiresAt) < Math.floor(now / 1000)) return undefined;
      return { runId: Number(held.runId), fingerprint: String(held.fingerprint) };
    },

    async createRun(run, input) {
      const puts = [table.put(toRunItem(run), 'attribute_not_exists(#pk)'), putBlocks(table, run.id, run.resultIds)];
      if (input !== null) {
        const packed = gzipSync(JSON.stringify(input));
        const parts = Math.ceil(packed.length / maxPartBytes);
        for (let part = 0; part < parts; part++) {
          const bytes = packed.subarray(part * maxPartBytes, (part + 1) * maxPartBytes);
          const item = { ...inputKey(run.id, part), bytes, ...(part === 0 && parts > 1 ? { parts } : {}) };
          puts.push(table.put(item, 'attribute_not_exists(#pk)'));
        }
      }
      await Promise.all(puts);
    },

    findByResultId: (resultId) => findBlock(table, resultId),

    async getRun(runId) {
      const item = await table.get(metaKey(runId));
      return item && toRun(item);
    },

    async getRuns(runIds) {
      const runs = (await table.getMany(runIds.map(metaKey))).map(toRun);
      const byId = new Map(runs.map((run) => [run.id, run]));
      return runIds.flatMap((runId) => byId.get(runId) ?? []);
    },

    async getInput(runId, exists) {
      const item = exists ? await table.get(inputKey(runId)) : undefined;
      if (item === undefined) return noInput;
      const keys = Array.from({ length: Number(item.parts ?? 1) - 1 }, (_, i) => inputKey(runId, i + 1));
      const others = await Promise.all(keys.map((key) => table.get(key)));
      const packed = [item, ...others].map((part) => part?.bytes as Uint8Array);
      return JSON.parse(gunzipSync(Buffer.concat(packed)).toString('utf8')) as RunInput;
    },

    // E4
    async admit(run, { deadlineAt, nextActionAt, waitsFor, slotsHeld }) {
      const waiting = waitsFor === undefined ? '' : ', #waitsFor = :waitsFor';
      const holding = slotsHeld === undefined ? '' : ', #slotsHeld = :slotsHeld';
      const update = `SET #status = :queued, #deadlineAt = :deadlineAt, #nextActionAt = :nextActionAt, #list = :list, #feed = :feed, ${bump}${waiting}${holding} ADD #outbox :queuedSet`;
      const values = {
        deadlineAt,
        nextActionAt,
        waitsFor,
        slotsHeld,
        list: `PLAN#${run.planId}`,
        feed: `PROJECT#${run.project}`,
        new: 'new',
        queuedSet,
      };
      return change(run.id, update, values, 'attribute_exists(#pk) AND #status = :new');
    },

    // E4r
    async reject(runId, at) {
      const update = 'SET #status = :rejected, #expiresAt = :expiresAt REMOVE #due, #nextActionAt';
      const expiresAt = Math.floor(at / 1000) + rejectedKeepSeconds;
      const condition = 'attribute_exists(#pk) AND #status = :new';
      return (await change(runId, update, { rejected: 'rejected', new: 'new', expiresAt }, condition)) !== undefined;
    },

    // E13
    async release(runId, { deadlineAt, nextActionAt }) {
      const update = `SET #deadlineAt = :deadlineAt, #nextActionAt = :nextActionAt, #wakeSeq = #wakeSeq + :one, ${bump} REMOVE #waitsFor`;
      const condition = '#status = :queued AND attribute_exists(#waitsFor)';
      return (await change(runId, update, { deadlineAt, nextActionAt }, condition)) !== undefined;
    },

    async beginSlots(run, slots) {
      const condition = `${undispatched} AND attribute_not_exists(#slotsHeld)`;
      return change(run.id, `SET #slots = :slots, ${bump}`, { slots, due: 'due' }, condition);
    },

    async holdSlots(run, { deadlineAt, nextActionAt }) {
      const update = `SET #slotsHeld = :yes, #deadlineAt = :deadlineAt, #nextActionAt = :nextActionAt, #wakeSeq = #wakeSeq + :one, ${bump} REMOVE #waitsForSlots`;
      const values = { deadlineAt, nextActionAt, yes: true, version: run.version, due: 'due' };
      return change(run.id, update, values, `#version = :version AND ${undispatched}`);
    },

    async waitForSlots(run, { slots, waitsForSlots, deadlineAt, nextActionAt }) {
      const update = `SET #slots = :slots, #waitsForSlots = :waitsForSlots, #deadlineAt = :deadlineAt, #nextActionAt = :nextActionAt, ${bump}`;
      const values = { slots, waitsForSlots, deadlineAt, nextActionAt, version: run.version, due: 'due' };
      const condition = `#version = :version AND ${undispatched} AND attribute_not_exists(#slotsHeld)`;
      return change(run.id, update, values, condition);
    },

    async callWaiter(runId) {
      const condition = '#status = :queued AND attribute_exists(#waitsForSlots)';
      return change(runId, 'SET #wakeSeq = #wakeSeq + :one', {}, condition);
    },

    // E6
    async acknowledge(runId, { at, final, bytes }) {
      const wake = final ? ', #wakeSeq = #wakeSeq + :one' : '';
      const update = `SET #lastProgressAt = :at, #garbage = :zero, #packedBytes = #packedBytes + :bytes, ${bump}${wake}`;
      return change(runId, update, { at, zero: 0, bytes }, live);
    },

    // E14. A claim that is still there may have started a job; of those the first is kept. Who does not know of it is refused.
    async claimDispatch(run, at, callTimedOut) {
      const isFirst = run.claimedAt === undefined;
      const since = isFirst ? '' : ', #triedSince = if_not_exists(#triedSince, #claimedAt)';
      const update = `SET #dispatch = :calling, #claimedAt = :at, ${bump}${since}`;
      const condition =
        `${isFirst ? 'attribute_not_exists' : 'attribute_exists'}(#claimedAt) AND ` +
        '#status IN (:queued, :running) AND #attempt = :attempt AND attribute_not_exists(#waitsFor) AND ' +
        '(attribute_not_exists(#slots) OR attribute_exists(#slotsHeld)) AND ' +
        '(#dispatch = :due OR (#dispatch = :calling AND #claimedAt < :callTimedOut))';
      const values = { calling: 'calling', due: 'due', at, callTimedOut, attempt: run.attempt };
      return change(run.id, update, values, condition);
    },

    async releaseDispatch(run, after, failed, problem) {
      const forget = failed === 'nothingStarted' ? ' REMOVE #claimedAt' : '';
      const said = problem === undefined ? '' : ', #dispatchProblem = :problem';
      const update = `SET #dispatch = :due, #dispatchAfter = :after, #dispatchTries = #dispatchTries + :tries, ${bump}${said}${forget}`;
      const condition = '#dispatch = :calling AND #attempt = :attempt AND #status IN (:queued, :running)';
      const values = { due: 'due', calling: 'calling', after, attempt: run.attempt, tries: failed ? 1 : 0, problem };
      return (await change(run.id, update, values, condition)) !== undefined;
    },

    async holdDispatch(run, after) {
      const condition = '#dispatch = :due AND #attempt = :attempt AND #status IN (:queued, :running)';
      const values = { due: 'due', after, attempt: run.attempt };
      return (await change(run.id, `SET #dispatchAfter = :after, ${bump}`, values, condition)) !== undefined;
    },

    async acceptDispatch(run, attempt, { onProbation, ...times }) {
      const record = { pk: `RUN#${run.id}`, sk: `ATTEMPT#${attempt.attempt}`, ...attempt };
      await table.put(record, 'attribute_not_exists(#pk)');
      const probation = onProbation === undefined ? '' : ', #onProbation = :onProbation';
      const accepted = `#dispatch = :accepted, #lastProgressAt = :at, ${bump}${probation}`;
      const condition = '#status IN (:queued, :running) AND #attempt = :attempt AND #dispatch = :calling';
      const values = { ...times, onProbation, accepted: 'accepted', calling: 'calling', attempt: attempt.attempt };
      return (
        (await change(
          run.id,
          `SET ${started}, ${accepted} ${addStarted}`,
          { ...values, startedSet },
          `${condition} AND ${notStarted}`,
        )) ?? (await change(run.id, `SET ${accepted} REMOVE ${noTrouble}`, values, condition))
      );
    },

    // E15
    async markRunning(runId, times) {
      const condition = `#status = :queued AND attribute_not_exists(#waitsFor) AND ${notStarted}`;
      return change(runId, `SET ${started}, ${bump} ${addStarted}`, { ...times, startedSet }, condition);
    },

    // E16. The request is addressed by what it asks for, like result chunks (F27): two deciders that read different
    // batches at the same version cannot overwrite each other's.
    async nextAttempt(run, request, at) {
      const digest = await putRequest(table, run.id, request);
      const stage = request.why === 'stage' ? ', #stages = :stages' : '';
      const again = request.why === 'redispatch' ? ', #redispatches = :redispatches' : '';
      const update = `SET #attempt = :next, #dispatch = :due, #dispatchTries = :zero, #lastProgressAt = :at, #requests.#${requestName(request.attempt)} = :digest, ${bump}${stage}${again} REMOVE ${noTrouble}, #claimedAt, #triedSince, #pollAfter, #onProbation`;
      // What nobody took so far may be dispatched again before it ever ran.
      const status = request.why === 'redispatch' ? '#status IN (:queued, :running)' : '#status = :running';
      const condition = `#version = :version AND ${status} AND #attempt = :attempt`;
      const values = {
        next: request.attempt,
        due: 'due',
        zero: 0,
        at,
        digest,
        stages: (run.stages ?? 0) + 1,
        redispatches: [...(run.redispatches ?? []), run.attempt],
        version: run.version,
        attempt: run.attempt,
      };
      return change(run.id, update, values, condition);
    },

    // E17
    async stop(run, stopBy) {
      const update = `SET #status = :stopping, #stopBy = :stopBy, #nextActionAt = :stopBy, #wakeSeq = #wakeSeq + :one, ${bump}`;
      const condition = '#version = :version AND #status IN (:queued, :running)';
      return change(run.id, update, { stopBy, version: run.version }, condition);
    },

    async countGarbage(run, garbage) {
      await change(run.id, 'SET #garbage = :garbage', { garbage }, live);
    },

    async holdPoll(run, after, aliveAt) {
      const alive = aliveAt === undefined ? '' : ', #lastProgressAt = :aliveAt';
      const values = { after, aliveAt, attempt: run.attempt };
      await change(run.id, `SET #pollAfter = :after${alive}`, values, `#attempt = :attempt AND ${live}`);
    },

    // E18
    async registerToken(runId, seenWakeSeq, token, nextActionAt) {
      const update = 'SET #taskToken = :token, #nextActionAt = :nextActionAt';
      const condition = `#wakeSeq = :seen AND ${live}`;
      return (await change(runId, update, { token, nextActionAt, seen: seenWakeSeq }, condition)) !== undefined;
    },

    async keepToken({ id, wakeSeq, taskToken = '' }, nextActionAt) {
      const condition = `#wakeSeq = :seen AND #taskToken = :token AND ${live}`;
      const values = { nextActionAt, seen: wakeSeq, token: taskToken };
      return (await change(id, 'SET #nextActionAt = :nextActionAt', values, condition)) !== undefined;
    },

    async markTokenOver({ id, taskToken = '' }) {
      const values = { over: tokenOver, token: taskToken };
      await change(id, 'SET #taskToken = :over', values, `#taskToken = :token AND ${live}`);
    },

    // E19
    async continueExecution(runId, executionN, nextActionAt) {
      const update = 'SET #executionN = :next, #nextActionAt = :nextActionAt REMOVE #taskToken';
      const values = { next: executionN + 1, n: executionN, nextActionAt };
      return (await change(runId, update, values, `#executionN = :n AND ${live}`)) !== undefined;
    },

    async scheduleNext(runId, nextActionAt) {
      await change(runId, 'SET #nextActionAt = :nextActionAt', { nextActionAt }, 'attribute_exists(#due)');
    },

    // E7
    async complete(run, { ending, turn, cancelPending, ...completion }) {
      const cancel = cancelPending ? ', #cancelPending = :yes' : '';
      const turned = turn === undefined ? '' : ', #turn = :turn';
      const update =
        'SET #status = :completed, #result = :result, #reason = :reason, #explanation = :explanation, #counts = :counts, ' +
        '#resultAt = :resultAt, #resultChunks = :resultChunks, #endedAt = :endedAt, #eventId = :eventId, ' +
        `#nextActionAt = :nextActionAt, ${bump}${cancel}${turned} ADD #outbox :completedSet`;
      const values = {
        ...ending,
        ...completion,
        turn,
        completed: 'completed',
        completedSet: new Set(['completed']),
        yes: true,
        version: run.version,
      };
      return change(run.id, update, values, `#version = :version AND ${live}`);
    },

    // E8. What is left on `due` after the last event is only a job that may still have to be stopped.
    async markSent(runId, events) {
      const sent = { sent: new Set(events), completed: 'completed' };
      const done = `contains(#outbox, :completed) AND attribute_not_exists(#cancelPending)`;
      const last =
        events.includes('completed') &&
        (await change(runId, 'DELETE #outbox :sent REMOVE #due, #nextActionAt', sent, done));
      if (!last) await change(runId, 'DELETE #outbox :sent', sent, 'attribute_exists(#outbox)');
    },

    async cancelDone(runId) {
      const done = 'attribute_exists(#cancelPending) AND attribute_not_exists(#outbox)';
      const last = await change(runId, 'REMOVE #cancelPending, #due, #nextActionAt', {}, done);
      if (!last) await change(runId, 'REMOVE #cancelPending', {}, 'attribute_exists(#cancelPending)');
    },

    async override(run, override, overridden) {
      const previous = run.overridden?.newest;
      const newest = await putOverride(table, run.id, override, previous);
      const update = `SET #overridden = :overridden, ${bump}`;
      const condition = 'attribute_exists(#pk) AND #status = :completed AND #version = :version';
      const values = { overridden: { ...overridden, newest }, completed: 'completed', version: run.version };
      return change(run.id, update, values, condition);
    },

    readOverrides: (run) => readOverrides(table, run),

    // E20
    async linkRerun(parentId, childId, stale) {
      const condition = 'attribute_not_exists(#pk) OR #childId = :stale';
      return table.put({ ...rerunKey(parentId), childId }, condition, { stale: stale ?? 0 });
    },

    async getRerun(parentId) {
      const item = await table.get(rerunKey(parentId));
      return item === undefined ? undefined : Number(item.childId);
    },

    async listDue(now, limit) {
      const shards = Array.from({ length: dueShards }, (_, shard) =>
        table.query({
          index: 'due',
          where: '#due = :due AND #nextActionAt <= :now',
          values: { due: dueShard(shard), now },
          limit,
        }),
      );
      return (await Promise.all(shards))
        .flat()
        .sort((a, b) => Number(a.nextActionAt) - Number(b.nextActionAt))
        .slice(0, limit)
        .map(({ pk }) => Number(String(pk).slice('RUN#'.length)));
    },

    async oldestDueAt() {
      const shards = dueKinds.flatMap((kind) => Array.from({ length: dueShards }, (_, shard) => `${kind}#${shard}`));
      const firsts = await Promise.all(
        shards.map((due) => table.query({ index: 'due', where: '#due = :due', values: { due }, limit: 1 })),
      );
      const times = firsts.flat().map(({ nextActionAt }) => Number(nextActionAt));
      return times.length === 0 ? undefined : Math.min(...times);
    },

    listByPlan: (planId, before, limit, ascending) =>
      listIds(table, 'list', `PLAN#${planId}`, before, limit, ascending),
    listByProject: (project, before, limit) => listIds(table, 'feed', `PROJECT#${project}`, before, limit, false),
    countByPlan: (planId) => table.count({ index: 'list', where: '#list = :list', values: { list: `PLAN#${planId}` } }),
  };
}

const idempotencyKey = (key: string): Key => ({ pk: `IDEM#${key}`, sk: 'IDEM' });
/** Admitted, released, and not yet handed to an executor. */
const undispatched = '#status = :queued AND #dispatch = :due AND attribute_not_exists(#waitsFor)';
const queuedSet = new Set(['queued']);
const startedSet = new Set(['started']);
const notStarted = 'attribute_not_exists(#startedAt)';
const started = '#status = :running, #startedAt = :at, #deadlineAt = :deadlineAt, #nextActionAt = :nextActionAt';
/** What was known of tries that failed, once one did not. */
const noTrouble = '#dispatchAfter, #dispatchProblem';
const addStarted = `REMOVE ${noTrouble} ADD #outbox :startedSet`;

async function listIds(
  table: Table,
  index: 'list' | 'feed',
  partition: string,
  before: number,
  limit: number,
  ascending = false,
): Promise<number[]> {
  const items = await table.query({
    index,
    where: `#${index} = :partition AND #id ${ascending ? '>' : '<'} :before`,
    values: { partition, before },
    limit,
    descending: !ascending,
  });
  return items.map(({ id }) => Number(id));
}
