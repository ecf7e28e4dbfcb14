import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { type ApiClient, createApiClient } from '../client/api-client.ts';
import { type LocalSystem, startLocal } from '../local.ts';
import type { CaseAnswer } from './answers.ts';
import { readRun } from './follow-run.ts';
import { applySamplePlan } from './sample-plan.ts';
import { colorsOf } from './terminal.ts';

const pc = colorsOf(process.stdout);

interface TestsigmaRun {
  readonly id: number;
  readonly status: string;
  readonly result: string;
}

/**
 * The whole job once, in a system of its own that is gone afterwards: start, apply the sample plan, trigger it through the
 * Testsigma API, watch it, write the JUnit file. Answers the exit code: 0 passed, 1 not.
 */
export async function demo(): Promise<number> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'proctor-demo-'));
  const system = await startLocal({ host: '127.0.0.1', port: 0, dataDirectory });
  try {
    return await runOnce(system);
  } finally {
    await system.close();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

async function runOnce(system: LocalSystem): Promise<number> {
  const api = createApiClient(system.url, system.adminKey.token);
  say(`${pc.bold('proctor')} runs embedded on ${system.url}: DynamoDB protocol, HTTP API and executor in this process`);
  const planId = await applySamplePlan(api);
  say(`applied plan ${planId} from examples/plan.yaml`);
  const events: string[] = [];
  system.subscribe((event) => events.push(`${event['detail-type']} ${event.id}`));
  const body = `{"executionId":"${planId}"}`;
  const { id } = (await (await testsigma(system, '', body)).json()) as TestsigmaRun;
  say(`triggered run ${id}: POST /api/v1/execution_results {"executionId":"${planId}"}`);
  const { status, result } = await watch(system, api, id);
  const run = await readRun(api, id);
  const report = `proctor-${id}.xml`;
  const params = { path: { runId: id } };
  await writeFile(report, (await api.GET('/v1/runs/{runId}/junit', { params, parseAs: 'text' })).data);
  const passed = run.result === 'passed' && result === 'SUCCESS';
  say(
    `${passed ? pc.green(pc.bold('PASSED')) : pc.red(pc.bold((run.result ?? run.status).toUpperCase()))}  ${run.explanation}`,
  );
  say(`  attempts     ${run.attempt}, the second ran just what had failed`);
  say(`  on the wire  {"status":"${status}","result":"${result}"}`);
  say(`  events       ${events.join(', ')}`);
  say(`  junit        ./${report}`);
  say(`next: ${pc.bold('npm start')} keeps the same system running for you`);
  return passed ? 0 : 1;
}

/** Follows the run as a client does, by polling; a case is told when its result changes. */
async function watch(system: LocalSystem, api: ApiClient, id: number): Promise<TestsigmaRun> {
  const told = new Map<string, string>();
  let attempt = 1;
  const bar = new SingleBar({
    format: '  {bar} {value}/{total}  {state}',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
  });
  const live = process.stderr.isTTY;
  if (live) bar.start(12, 0, { state: 'queued' });
  for (;;) {
    const run = (await (await testsigma(system, `/${id}`)).json()) as TestsigmaRun;
    const params = { path: { runId: id }, query: { limit: 1000 } };
    const { cases } = (await api.GET('/v1/runs/{runId}/cases', { params })).data;
    const lines = cases.flatMap((testCase) => describe(testCase, told));
    const now = await readRun(api, id);
    // What it runs is known once its executor has taken it.
    if (now.attempt > attempt && now.executing !== null) {
      attempt = now.attempt;
      lines.push(`  ${pc.bold('rerun')}  attempt ${attempt}: ${now.executing}`);
    }
    if (live && lines.length > 0) process.stderr.write('\r\u001b[K');
    for (const line of lines) say(line);
    const done = cases.filter(({ result }) => result !== 'queued' && result !== 'running').length;
    const rerunning = cases.some(({ result, attempt }) => result === 'failed' && attempt === 1);
    if (live) {
      bar.setTotal(cases.length);
      bar.update(done, { state: rerunning ? 'running, failed so far' : 'running' });
    }
    if (run.status === 'STATUS_COMPLETED') {
      if (live) bar.stop();
      return run;
    }
    await sleep(150);
  }
}

/** A call as an existing Testsigma script makes it: GET, or POST with a body. */
function testsigma({ url, adminKey }: LocalSystem, path: string, body?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${adminKey.token}`, 'content-type': 'application/json' };
  return fetch(
    `${url}/api/v1/execution_results${path}`,
    body === undefined ? { headers } : { method: 'POST', headers, body },
  );
}

function describe(testCase: CaseAnswer, told: Map<string, string>): string[] {
  const { suite, name, result, attempt, flaky, message, iterations } = testCase;
  const sets = iterations.length > 0 ? ` [${iterations.map((iteration) => iteration.name).join(', ')}]` : '';
  const title = `${suite} › ${name}${sets}`;
  const state = `${result}${attempt}`;
  if (result === 'queued' || result === 'running' || told.get(title) === state) return [];
  told.set(title, state);
  if (flaky) return [`  ${pc.yellow('~')} ${title}  ${pc.yellow(`flaky: failed, then passed in attempt ${attempt}`)}`];
  if (result === 'passed') return [`  ${pc.green('✓')} ${title}`];
  return [`  ${pc.red('✗')} ${title}  ${pc.red(message ?? result)}  attempt ${attempt}`];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
