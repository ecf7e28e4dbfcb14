import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWireTable } from '../../support/table.ts';
import { aCase, type Facade, openFacade } from './facade.ts';

/** How often each pair is raced; the soak has its own figure. */
const races = Number(process.env.RACES ?? 30);
const rerunRaces = Math.ceil(races / 5);
const timeout = 120_000 + races * 1000;

let facade: Facade;
beforeAll(async () => {
  facade = await openFacade(await openWireTable());
});
afterAll(() => facade.close());

const path = '/api/v1/execution_results';
const get = async (runId: number) => (await facade.call('GET', `${path}/${runId}`)).body;
const stop = (runId: number) => facade.call('PUT', `${path}/${runId}`, { body: { result: 'STOPPED' } });

test(`a stop raced with a completion has one winner, ${races} times, and both are told the truth`, {
  timeout,
}, async () => {
  const plan = await facade.addPlan();
  const winners = new Set<string>();
  for (let round = 0; round < races; round++) {
    const runId = await facade.trigger(plan);
    await facade.dispatch(runId);
    const from = facade.calls.length;
    let finished = false;
    const finish = async (): Promise<void> => {
      await facade.report(runId, [aCase('one', 'passed')], {});
      await facade.complete(runId);
      finished = true;
    };
    // The stop comes in after one more of the completion's calls to the store each time, in the end after the last.
    const stopInBetween = async () => {
      while (!finished && facade.calls.length - from < round % 20) await new Promise(setImmediate);
      return stop(runId);
    };
    const [{ status, body }] = await Promise.all([stopInBetween(), finish()]);
    const after = await get(runId);
    expect([status, after.status, after.passedCount]).toEqual([200, 'STATUS_COMPLETED', 1]);
    expect(['SUCCESS', 'STOPPED']).toContain(after.result);
    expect(body.stoppedRunIds).toEqual(after.result === 'STOPPED' ? [runId] : []);
    if (body.status === 'STATUS_COMPLETED') expect(body.result).toBe(after.result);
    expect({ ...(await stop(runId)).body, stoppedRunIds: undefined }).toEqual({ ...after, stoppedRunIds: undefined });
    winners.add(after.result);
  }
  expect([...winners].sort()).toEqual(['STOPPED', 'SUCCESS']);
});

test(`two reruns raced make one child, ${rerunRaces} times, and the loser is told of it`, { timeout }, async () => {
  const plan = await facade.addPlan();
  const firsts = new Set<boolean>();
  for (let round = 0; round < rerunRaces; round++) {
    const runId = await facade.finished(plan, [aCase('one', 'failed')]);
    const before = await get(runId);
    const from = facade.calls.length;
    const rerun = () =>
      facade.call('POST', path, { body: { executionResultId: runId, isReRun: true, reRunType: 'ONLY_FAILED_TESTS' } });
    let done = false;
    const first = async () => {
      const answer = await rerun();
      done = true;
      return answer;
    };
    const second = async () => {
      while (!done && facade.calls.length - from < round % 12) await new Promise(setImmediate);
      return rerun();
    };
    const answers = await Promise.all([first(), second()]);
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    firsts.add(answers[0].status === 200);
    const childId = won[0]?.body.id;
    const lost = answers.find(({ status }) => status !== 200);
    expect([lost?.status, lost?.body.code]).toEqual([409, 'RUN_ACTIVE']);
    expect(lost?.body.error).toContain(String(childId));
    const {
      rerunIds,
      consolidatedResult: _,
      consolidatedStatus: __,
      consolidatedDuration: ___,
      ...after
    } = await get(runId);
    expect(rerunIds).toEqual([childId]);
    expect(after).toMatchObject({ result: before.result, endTime: before.endTime, failedCount: before.failedCount });
    await facade.finish(childId, [aCase('one', 'passed')]);
  }
  expect(firsts.has(true)).toBe(true);
});
