import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { stopRun } from '../../../lib/workflow/stop-run.ts';
import { openWireTable } from '../../support/table.ts';
import { aCase, type Facade, openFacade } from './facade.ts';

let table: Awaited<ReturnType<typeof openWireTable>>;
let facade: Facade;
let plan: Plan;
/** Everything a caller chooses in it looks like what scripts search for. */
let bait: Record<string, unknown>;
beforeAll(async () => {
  table = await openWireTable();
  facade = await openFacade(table);
  plan = await facade.addPlan();
  const { id } = await facade.addPlan({ project: 'result', name: 'status', description: 'result' });
  const environment = await facade.services.environments.createEnvironment(
    { name: 'status', description: 'id', project: 'result', variables: [] },
    3,
    0,
  );
  bait = {
    executionId: id,
    environmentId: environment.id,
    buildNo: 'id',
    runtimeData: { id: '1', status: 'id', result: 'SUCCESS' },
    uploadVersions: { id: 'status' },
  };
});
afterAll(() => facade.close());

const path = '/api/v1/execution_results';
const post = (body: unknown, headers: Record<string, string> = {}) => facade.call('POST', path, { body, headers });
const get = (runId: number) => facade.call('GET', `${path}/${runId}`);

/** What the vendor's bash scripts do: `awk -F'[,:}]'`, then the field after each one that holds the quoted word. */
function awk(text: string, word: string): string[] {
  const fields = text.split(/[,:}]/);
  return fields.flatMap((field, i) => (field.includes(`"${word}"`) ? [fields[i + 1] ?? ''] : []));
}

describe('traps of the contract, section 5', () => {
  test('T1: a trigger answers exactly 200', async () => {
    expect((await post({ executionId: plan.id })).status).toBe(200);
    const queued = await facade.addPlan({ overlap: 'queue' });
    await facade.trigger(queued);
    expect((await post({ executionId: queued.id })).status).toBe(200);
  });

  test('T2: every answer is compact JSON on one line', async () => {
    const runId = await facade.finished(plan, [aCase('first', 'failed', { message: 'two\nlines, "a": 1' })]);
    const targets = [`${path}/${runId}`, `${path}/${runId}/test_case_results`, `${path}?executionId=${plan.id}`];
    for (const target of [...targets, '/api/v1/test_plans', `${path}/0`]) {
      const { text, body } = await facade.call('GET', target);
      expect(text).not.toMatch(/[\r\n]/);
      expect(text.replace(/"(?:[^"\\]|\\.)*"/g, '""')).not.toMatch(/\s/);
      expect(JSON.parse(text)).toEqual(body);
    }
  });

  test('T3: whoever splits the answer to a trigger at , : } gets one id, the run’s, whatever was sent', async () => {
    for (const buildNo of ['id', '"id":5', '{"id":6,"id"}', 'x,"id",7', 'id"', '\\"id\\"', 9]) {
      const answer = await post({ ...bait, buildNo });
      expect(answer.status).toBe(200);
      expect(awk(answer.text, 'id')).toEqual([String(answer.body.id)]);
      expect(answer.text.match(/"id"/g)).toHaveLength(1);
      expect(answer.text.startsWith(`{"id":${answer.body.id},"execution":null,`)).toBe(true);
      expect(answer.body).toMatchObject({ buildNo: String(buildNo), environment: null, executionResultConfig: null });
      expect(answer.text).not.toContain('SUCCESS');
    }
  });

  test('T4: a status has one status and one result at any depth', async () => {
    const runId = (await post(bait)).body.id;
    await facade.dispatch(runId);
    await facade.report(runId, [aCase('result', 'passed'), aCase('status', 'failed', { message: '"status"' })], {});
    for (const word of ['STATUS_IN_PROGRESS', 'STATUS_COMPLETED']) {
      if (word === 'STATUS_COMPLETED') await facade.complete(runId);
      for (const route of [path, '/api/v1/test_plan_results']) {
        const { text } = await facade.call('GET', `${route}/${runId}`);
        expect(text.match(/"status"/g)).toHaveLength(1);
        expect(text.match(/"result"/g)).toHaveLength(1);
        expect(awk(text, 'status')).toEqual([`"${word}"`]);
        expect(awk(text, 'result')).toEqual([word === 'STATUS_COMPLETED' ? '"FAILURE"' : '"QUEUED"']);
      }
    }
  });

  test('T5: a text that reads like a key or a marker is escaped, and parses to itself', async () => {
    const sneaky = await facade.addPlan({ name: 'result', project: 'sneaky', description: 'up HTTPSTATUS:200' });
    for (const buildNo of ['id', 'status', 'result', 'HTTPSTATUS:200', 'x HTTPSTATUS:HTTPSTATUS:']) {
      const created = await post({ executionId: sneaky.id, buildNo });
      const status = await get(created.body.id);
      for (const { text, body } of [created, status]) {
        expect(text).not.toMatch(/:"(id|status|result)"|HTTPSTATUS:/);
        expect(body.buildNo).toBe(buildNo);
      }
      expect(status.body.execution).toMatchObject({ name: 'result', description: 'up HTTPSTATUS:200' });
    }
  });

  test('T6: a run that is not over says STATUS_IN_PROGRESS from the first poll on, one that is over says so for ever', async () => {
    const queueing = await facade.addPlan({ overlap: 'queue', deadlines: { stopSeconds: 1 } });
    const runId = await facade.trigger(queueing);
    const waitingId = await facade.trigger(queueing);
    const said: string[] = [];
    const poll = async (id: number) => said.push((await get(id)).body.status);
    await poll(waitingId);
    await poll(runId);
    await facade.dispatch(runId);
    await poll(runId);
    await facade.report(runId, [aCase('first', 'passed')]);
    await poll(runId);
    await stopRun(facade.services, runId);
    await poll(runId);
    expect(said).toEqual(Array(5).fill('STATUS_IN_PROGRESS'));
    facade.clock.now += 2000;
    await facade.complete(runId);
    await poll(runId);
    await facade.report(runId, [aCase('late', 'running')], {}).catch(() => {});
    await poll(runId);
    expect(said.slice(5)).toEqual(['STATUS_COMPLETED', 'STATUS_COMPLETED']);
  });

  test('T7: a result holds SUCCESS if and only if the run passed, and never PASSED', async () => {
    const problem = { reason: 'reportUnreadable', message: 'Gone.' } as const;
    const ends = [
      { cases: [aCase('first', 'passed')], word: 'SUCCESS' },
      { cases: [aCase('first', 'passed'), aCase('second', 'skipped')], word: 'SUCCESS' },
      { cases: [aCase('first', 'passed'), aCase('second', 'failed')], word: 'FAILURE' },
      { cases: [aCase('first', 'passed'), aCase('second', 'blocked')], word: 'FAILURE' },
      { cases: [aCase('first', 'skipped')], word: 'NOT_EXECUTED' },
      { cases: [aCase('first', 'passed')], end: { problem }, word: 'ABORTED' },
      { cases: [aCase('first', 'passed')], end: { expectedCases: 2 }, word: 'ABORTED' },
    ];
    for (const { cases, end, word } of ends) {
      const runId = await facade.trigger(plan);
      await facade.dispatch(runId);
      await facade.report(runId, cases, end ?? {});
      facade.clock.now += 31_000;
      await facade.complete(runId);
      const { body, text } = await get(runId);
      expect([body.result, body.consolidatedResult]).toEqual([word, word]);
      expect(text.includes('SUCCESS')).toBe(word === 'SUCCESS');
      expect(text).not.toContain('"PASSED"');
    }
  });

  test('T8: ids are JSON numbers', async () => {
    const runId = await facade.finished(plan, [aCase('first', 'passed', { iteration: 'one' })]);
    const targets = [`${path}/${runId}`, `${path}/${runId}/test_case_results`, `${path}?executionId=${plan.id}`];
    for (const target of [...targets, '/api/v1/test_plans']) {
      const { text } = await facade.call('GET', target);
      expect(text).toMatch(/"\w*[iI]d":[1-9]/);
      expect(text).not.toMatch(/"\w*[iI]d":"/);
    }
  });

  test('T9: status and result are text and counts integers in every answer about a run', async () => {
    const created = await post({ executionId: plan.id });
    const answers = [created.body, (await get(created.body.id)).body];
    answers.push(...(await facade.call('GET', `${path}?executionId=${plan.id}`)).body.content);
    for (const body of answers) {
      expect([typeof body.status, typeof body.result, typeof body.message]).toEqual(['string', 'string', 'string']);
      const counts = Object.entries(body).filter(([name]) => name.endsWith('Count'));
      expect(counts).toHaveLength(18);
      for (const [name, count] of counts) expect([name, Number.isInteger(count)]).toEqual([name, true]);
    }
  });

  test('T10: ids come as number or text, a build number as a bare number', async () => {
    for (const executionId of [plan.id, String(plan.id)]) {
      const text = `{"executionId":${JSON.stringify(executionId)},"buildNo":202611230815}`;
      expect((await post(text)).body).toMatchObject({ executionId: plan.id, buildNo: '202611230815' });
    }
    for (const id of [7, '7']) {
      const { body } = await post({ executionId: plan.id, environmentId: id, executionConfig: { id } });
      expect(body.code).toBe('UNKNOWN_CONFIG');
    }
  });

  test('T11: no Content-Type and no Accept changes an answer', async () => {
    const runId = await facade.finished(plan, [aCase('first', 'passed')]);
    const other = await facade.addPlan();
    const types = ['application/json; UTF-8', 'application/xml; UTF-8', 'application/x-www-form-urlencoded', '*', ''];
    const plain = await get(runId);
    for (const type of types) {
      const headers = { 'content-type': type, accept: type };
      expect(await facade.call('GET', `${path}/${runId}`, { headers })).toEqual(plain);
      expect((await post({ executionId: other.id }, headers)).status).toBe(200);
    }
    const bom = await post(`\ufeff{"executionId":${plan.id}}`);
    expect(bom.status).toBe(200);
  });

  test('T12: broken JSON is 400 on one line', async () => {
    const broken = [
      `{"executionId":"${plan.id}","runtimeData":{"name":"a`,
      `{"executionId":"${plan.id}","buildNo":v1.2}`,
      `{executionId:${plan.id}}`,
      `{"executionId":${plan.id},}`,
      `{"executionId":${plan.id},"executionId":${plan.id}}`,
      `executionId=${plan.id}`,
    ];
    for (const body of broken) {
      const answer = await post(body);
      expect([body, answer.status, answer.body.code]).toEqual([body, 400, 'INVALID_JSON']);
      expect(answer.text).toMatch(/^\{"timeStamp":null,"error":".*","code":"INVALID_JSON","fieldErrors":null,.*\}$/);
    }
    const missing = await post({ executionId: 'a\nb' });
    expect(missing.text).not.toContain('\n');
    expect(missing.body.fieldErrors[0]).toMatchObject({ rejectedValue: 'a\nb', bindingFailure: false, codes: null });
  });

  test('T13: slashes at the end or twice are served in place, and nothing is compressed or redirected', async () => {
    const runId = await facade.finished(plan, [aCase('first', 'passed')]);
    const plain = await get(runId);
    for (const target of [`/${path}/${runId}`, `${path}/${runId}/`, `/api//v1/execution_results//${runId}//`]) {
      const answer = await facade.call('GET', target);
      expect(answer).toEqual(plain);
      expect(Object.keys(answer.headers)).not.toContain('location');
      expect(Object.keys(answer.headers)).not.toContain('content-encoding');
    }
    const trigger = await facade.call('POST', `/${path}/`, { body: { executionId: plan.id } });
    expect(trigger.status).toBe(200);
    const report = await facade.call('GET', `//api/v1/reports//junit/${runId}/`);
    expect(report.status).toBe(200);
  });

  test('T14: the list without a plan is refused, so that a lost run id reads no other run’s success', async () => {
    await facade.finished(plan, [aCase('first', 'passed')]);
    for (const route of [path, '/api/v1/test_plan_results']) {
      for (const target of [route, `${route}/`, `${route}//`, `${route}?executionId=`, `${route}/?page=0`]) {
        const { status, body, text } = await facade.call('GET', target);
        expect([target, status, body.fieldErrors[0].field]).toEqual([target, 400, 'executionId']);
        expect(text).not.toContain('SUCCESS');
      }
    }
  });

  test('T15: the report is ready in the moment the run is completed, before anything else follows', async () => {
    const runId = await facade.trigger(plan);
    await facade.dispatch(runId);
    await facade.report(runId, [aCase('first', 'passed')], {});
    const early = await facade.call('GET', `/api/v1/reports/junit/${runId}`);
    expect([early.status, early.body.code]).toEqual([409, 'RUN_ACTIVE']);
    const { runs } = facade.services;
    const { complete } = runs;
    const seen: unknown[] = [];
    runs.complete = async (...given) => {
      const completed = await complete(...given);
      const { status, text } = await facade.call('GET', `/api/v1/reports/junit/${runId}`);
      seen.push((await get(runId)).body.status, status, text.includes('<testcase name="first"'));
      return completed;
    };
    await facade.complete(runId);
    runs.complete = complete;
    expect(seen).toEqual(['STATUS_COMPLETED', 200, true]);
  });

  test('T16: the report is ASCII with an XML type, JSON names its charset', async () => {
    const foreign = await facade.addPlan({ name: 'Prüfung “été” & 🎉' });
    const runId = await facade.finished(foreign, [
      aCase('zählt € & <b>', 'failed', { message: 'größer\u0001 als 😀' }),
    ]);
    const report = await facade.call('GET', `/api/v1/reports/junit/${runId}`);
    expect(report.headers['content-type']).toBe('application/xml;charset=UTF-8');
    expect(report.text).toMatch(/^[\n -~]+$/);
    expect(report.text).toContain('name="Pr&#252;fung');
    for (const target of [`${path}/${runId}`, `${path}?executionId=${foreign.id}`, `${path}/0`]) {
      const { headers } = await facade.call('GET', target);
      expect(headers['content-type']).toBe('application/json;charset=UTF-8');
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  test('T17: every run object tells where people see the run', async () => {
    const created = await post({ executionId: plan.id });
    const url = `https://proctor.example.com/runs/${created.body.id}`;
    expect(created.body.app_url).toBe(url);
    expect((await get(created.body.id)).body.app_url).toBe(url);
    const { content } = (await facade.call('GET', `${path}?executionId=${plan.id}&size=1`)).body;
    expect(content[0].app_url).toBe(url);
  });

  test('T18: polling is never throttled, and errors of the table are tried again before anyone sees them', async () => {
    const runId = await facade.finished(plan, [aCase('first', 'passed')]);
    const codes = new Set<number>();
    for (let poll = 0; poll < 100; poll += 1) codes.add((await get(runId)).status);
    expect([...codes]).toEqual([200]);
    let failed = 0;
    table.client.middlewareStack.add(
      (next) => async (args) => {
        if (failed >= 3) return next(args);
        failed += 1;
        throw Object.assign(new Error('out of order'), { $metadata: { httpStatusCode: 503 } });
      },
      { step: 'deserialize', name: 'fail', priority: 'high' },
    );
    const { status, body } = await get(runId);
    table.client.middlewareStack.remove('fail');
    expect([failed, status, body.status]).toEqual([3, 200, 'STATUS_COMPLETED']);
  });

  test('T19: the plugin’s route takes testPlanId as text and adds the community edition’s counts', async () => {
    const alias = '/api/v1/test_plan_results';
    const created = await facade.call('POST', alias, { body: `{"testPlanId":"${plan.id}"}` });
    expect(created.status).toBe(200);
    expect(created.body).toMatchObject({ executionId: plan.id, status: 'STATUS_CREATED', result: 'QUEUED' });
    expect(awk(created.text, 'id')).toEqual([String(created.body.id)]);
    const runId = created.body.id;
    await facade.dispatch(runId);
    await facade.report(runId, [aCase('first', 'passed'), aCase('second', 'failed'), aCase('third', 'skipped')], {});
    await facade.complete(runId);
    const own = (await get(runId)).body;
    const extra = {
      total_count: 3,
      passed_count: 1,
      failed_count: 1,
      aborted_count: 0,
      stopped_count: 0,
      not_executed_count: 1,
      queued_count: 0,
      running_count: 0,
    };
    expect((await facade.call('GET', `${alias}/${runId}`)).body).toEqual({ ...own, ...extra });
    for (const parameter of ['testPlanId', 'executionId']) {
      const { body } = await facade.call('GET', `${alias}?${parameter}=${plan.id}&size=1`);
      expect(body.content[0]).toEqual({ ...own, ...extra, execution: null });
    }
  });
});
