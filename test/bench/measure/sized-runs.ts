import { gzipSync } from 'node:zlib';
import { junitDocument } from './junit-document.ts';
import type { Metered } from './meter.ts';
import { type Dispatched, openWorld, type World } from './world.ts';

/** What each step of a run took, by the functions that do it. */
export interface Steps {
  readonly runId: number;
  readonly trigger: Metered;
  /** The callback that ends the attempt, and what it leads to. */
  readonly callback: Metered;
  readonly completion: Metered;
}

export interface SizedRuns {
  readonly world: World;
  applyPlan(name: string): Promise<number>;
  /** A run from its trigger to its end, with that report. */
  play(planId: number, report: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Steps>;
}

/** Runs of any size on a runner that reports at once, everything the functions do counted. */
export async function openSizedRuns(): Promise<SizedRuns> {
  const dispatches: Dispatched[] = [];
  const world = await openWorld((_, body, response) => {
    response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
    dispatches.push(JSON.parse(body) as Dispatched);
  });
  const { proctor, clock, meter } = world;
  const wait = 24 * 3_600_000;
  return {
    world,
    async applyPlan(name) {
      const executor = { type: 'http', url: `https://${proctor.host}/start`, selects: 'cases' };
      return (await world.call('POST', '/v1/plans', { name, project: 'shop', executor })).body.id;
    },
    async play(planId, report, headers) {
      meter.take();
      const runId = (await world.call('POST', `/v1/plans/${planId}/runs`, {}, headers)).body.id;
      const trigger = meter.take();
      await clock.runUntil(() => dispatches.at(-1)?.runId === runId && hasWaited(world, runId), wait);
      await clock.runFor(10_000);
      meter.take();
      await world.report(dispatches.at(-1) as Dispatched, 'results', report);
      await clock.runUntil(() => proctor.executions.get(`run-${runId}-1`)?.status() === 'SUCCEEDED', wait);
      await clock.runFor(1000);
      const ended = meter.take();
      return { runId, trigger, callback: only(ended, 'HttpResults'), completion: only(ended, 'RunCompleteRun') };
    },
  };
}

export function packedReport(cases: number): Uint8Array {
  return gzipSync(junitDocument(cases));
}

/** Of the functions whose ids begin like this. */
export function only({ calls, invocations }: Metered, id: string): Metered {
  const isOf = ({ functionId }: { functionId: string }) => functionId.startsWith(id);
  return { calls: calls.filter(isOf), invocations: invocations.filter(isOf) };
}

/** The step that dispatched has left its task open. */
function hasWaited({ proctor }: World, runId: number): boolean {
  return proctor.executions.get(`run-${runId}-1`)?.status() === 'RUNNING';
}
