import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type FakeTestsigma, fakePlanId, startFakeTestsigma } from '../../support/fake-testsigma.ts';
import { junitDocument } from './junit-document.ts';
import type { Metered } from './meter.ts';
import { type Dispatched, openWorld, type World } from './world.ts';

const minuteMs = 60_000;
const hourMinutes = 60;
/** A runner gives a sign of life before its plan's 15 minutes of silence are over. */
const signMinutes = 10;
const flaky = 5;
/** Each minute in truth: what is due is found a little later here, and done as often. */
const passageMinutes = 5;

/** Everything a run of an hour, its triggers and its callbacks took. */
export interface Hour extends Metered {
  readonly runId: number;
  readonly transitions: number;
  readonly historyEvents: number;
  /** Begun by the executions and by the functions, if all are recorded. */
  readonly traces: number;
  /** Requests to runners and tenants. */
  readonly requestsOut: number;
  /** What the functions wrote themselves. */
  readonly logLines: number;
  readonly logBytes: number;
}

export interface HourWorld {
  /** A plan of a runner that calls back, or of a tenant that is polled. */
  applyPlan(name: string, kind: 'callback' | 'polled'): Promise<number>;
  /** A run of the plan, with an automatic rerun of five cases halfway if it takes two attempts. */
  play(planId: number, attempts: 1 | 2): Promise<Hour>;
  memoryOf(functionId: string): number;
  /** Bytes of the table that are the run's. */
  storedBytes(runId: number): number;
  /** What the passages of an hour take when nothing runs. */
  idle(): Promise<Hour>;
  close(): Promise<void>;
}

/** The deployed shape where runs of so many cases take an hour, with the passages of the sweeper and of who else comes by. */
export async function openHourWorld(cases: number): Promise<HourWorld> {
  let attempts = 1;
  let requestsOut = 0;
  const partOf = () => (hourMinutes / attempts) * minuteMs;
  const tenant = await startFakeTestsigma(() => world.clock.now());
  const world: World = await openWorld((request, body, response) => {
    requestsOut += 1;
    response.setHeader('content-type', 'application/json');
    if (request.url === '/start') {
      response.writeHead(202).end('{}');
      runAttempt(world, JSON.parse(body) as Dispatched, { cases, partMs: partOf(), flakes: attempts > 1 });
    } else serveTenant(tenant, world, request, body, response, { cases, partMs: partOf(), flakes: attempts > 1 });
  });
  const { proctor, clock, meter } = world;
  proctor.secrets.set('proctor/tenant', 'key-of-the-tenant');
  const passage = async (): Promise<void> => {
    await proctor.tick();
    clock.after(passageMinutes * minuteMs, passage);
  };
  clock.after(passageMinutes * minuteMs, passage);

  const count = async (work: () => Promise<void>): Promise<Hour> => {
    await clock.runFor(5 * minuteMs);
    meter.take();
    const requestsBefore = requestsOut;
    const known = [...proctor.functions.values()].map(({ lines }) => lines.length);
    const before = new Set(proctor.executions.keys());
    await work();
    const fresh = [...proctor.executions].filter(([name]) => !before.has(name)).map(([, execution]) => execution);
    const logged = [...proctor.functions.values()].flatMap(({ lines }, i) => lines.slice(known[i]));
    if (proctor.failures.length > 0) throw new Error(`a function failed: ${JSON.stringify(proctor.failures[0])}`);
    const metered = meter.take();
    return {
      ...metered,
      runId: 0,
      requestsOut: requestsOut - requestsBefore,
      traces: tracesOf(proctor, metered, fresh.length),
      transitions: fresh.reduce((sum, { transitions }) => sum + transitions, 0),
      historyEvents: fresh.reduce((sum, { historyEvents }) => sum + historyEvents, 0),
      logLines: logged.length,
      logBytes: logged.reduce((sum, line) => sum + Buffer.byteLength(line), 0),
    };
  };
  return {
    async applyPlan(name, kind) {
      const executor =
        kind === 'callback'
          ? { type: 'http', url: `https://${proctor.host}/start`, selects: 'cases' }
          : {
              type: 'testsigma',
              url: `https://${proctor.host}`,
              apiKey: 'secretsmanager:proctor/tenant',
              testPlanId: fakePlanId,
            };
      const { body } = await world.call('POST', '/v1/plans', { name, project: 'shop', executor, rerun: { max: 1 } });
      return body.id;
    },
    async play(planId, ofAttempts) {
      attempts = ofAttempts;
      let runId = 0;
      const hour = await count(async () => {
        runId = (await world.call('POST', `/v1/plans/${planId}/runs`, {})).body.id;
        const status = () => proctor.executions.get(`run-${runId}-1`)?.status();
        await clock.runUntil(() => status() === 'SUCCEEDED', 2 * hourMinutes * minuteMs);
        // What its end leads to, and what the passage after it finds.
        await clock.runFor(passageMinutes * minuteMs);
      });
      await checkEnd(world, runId, ofAttempts, cases);
      return { ...hour, runId };
    },
    memoryOf: (functionId) => proctor.memoryMb.get(functionId) ?? 0,
    storedBytes: (runId) => meter.stored((pk) => pk === `RUN#${runId}`).bytes,
    idle: () => count(() => clock.runFor(hourMinutes * minuteMs)),
    async close() {
      await tenant.close();
      await world.close();
    },
  };
}

/** A trace begins wherever no traced caller hands one on: the SDK's clients hand on none. Passages are not a run's. */
function tracesOf({ traced, functions }: World['proctor'], { invocations }: Metered, executions: number): number {
  const begun = invocations.filter(
    ({ functionId, by }) => by !== 'Step Functions' && by !== 'Scheduler' && traced.has(functionId),
  );
  const isMachineTraced = [...traced].some((id) => !functions.has(id));
  return begun.length + (isMachineTraced ? executions : 0);
}

interface Job {
  readonly cases: number;
  readonly partMs: number;
  /** Some cases fail in the first attempt, and are what the second runs. */
  readonly flakes: boolean;
}

const isFlaky = (i: number): boolean => i < flaky;

/** A runner: signs of life, and at its end the report as JUnit XML. */
function runAttempt({ clock, report }: World, dispatched: Dispatched, { cases, partMs, flakes }: Job): void {
  for (let at = signMinutes * minuteMs; at < partMs; at += signMinutes * minuteMs)
    clock.after(at, () => report(dispatched, 'progress'));
  const fails = (i: number) => flakes && dispatched.attempt === 1 && isFlaky(i);
  const only = dispatched.attempt === 1 ? {} : { only: isFlaky };
  clock.after(partMs, () => report(dispatched, 'results', gzipSync(junitDocument(cases, { fails, ...only }))));
}

/** A tenant on the internet there is: its runs go on until their time is over. */
function serveTenant(
  tenant: FakeTestsigma,
  { clock }: World,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
  { cases, partMs, flakes }: Job,
): void {
  const { method = '', url = '', headers } = request;
  const json = body === '' ? {} : JSON.parse(body);
  const isRerun = json.isReRun === true;
  const result = (i: number) => (flakes && !isRerun && isFlaky(i) ? 'FAILURE' : 'SUCCESS');
  const all = Array.from({ length: cases }, (_, i) => ({
    suite: `Suite ${Math.floor(i / 50)}`,
    name: `case ${i}`,
    result: result(i),
    duration: 100 + i,
  }));
  tenant.newRun = { cases: isRerun ? all.slice(0, flaky) : all };
  const known = tenant.runs.length;
  const answer = tenant.serve({ method, url, headers: headers as Record<string, string | undefined>, json });
  const [begun] = tenant.runs.slice(known);
  if (begun !== undefined) clock.after(partMs, () => void Object.assign(begun, { ended: true }));
  response.writeHead(answer.status).end(JSON.stringify(answer.body));
}

async function checkEnd({ call }: World, runId: number, attempts: number, cases: number): Promise<void> {
  const { body } = await call<{ result: string; attempt: number; counts: { total: number } }>(
    'GET',
    `/v1/runs/${runId}`,
  );
  if (body.result !== 'passed' || body.attempt !== attempts || body.counts.total !== cases)
    throw new Error(`the run ended otherwise: ${JSON.stringify(body)}`);
}
