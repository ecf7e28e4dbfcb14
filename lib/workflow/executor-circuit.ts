import {
  afterAccepted,
  afterFailure,
  afterGoodEnd,
  afterHold,
  type Circuit,
  claimProbe,
  passageOf,
  type Target,
  targetOf,
} from '../core/circuit.ts';
import type { AttemptEnd } from '../core/executor.ts';
import { failureClassOf } from '../core/failure.ts';
import type { Plan } from '../core/plan.ts';
import type { Services } from '../core/ports.ts';
import { isLive, type Run } from '../core/run.ts';
import { pinnedPlan } from './read-run.ts';

/** A dispatch that may go, and what was known of its executor by then. */
export interface Pass {
  readonly target: Target;
  readonly circuit: Circuit | undefined;
  /** Name of the attempt, by which it is known as the one that tries the executor. */
  readonly attempt: string;
}

/** Tries against others who record what they saw of the same executor. */
const rounds = 5;

/**
 * Whether the run's attempt may be dispatched now: one read, and none for executors of this process. While its executor is
 * known to fail the run waits, which costs it none of its tries; its deadlines go on. After that time one attempt tries.
 */
export async function passCircuit(services: Services, run: Run, plan: Plan): Promise<Pass | 'held' | undefined> {
  const target = targetOf(plan.executor);
  // A call that is open is only repeated: it finds the same job.
  if (target === undefined || run.dispatch !== 'due') return undefined;
  const now = services.now();
  const attempt = nameOf(run);
  const circuit = await services.circuits.getCircuit(target.id);
  const passage = passageOf(circuit, now);
  if (passage.next === 'go' || circuit === undefined) return { target, circuit, attempt };
  if (passage.next === 'probe') {
    const claimed = claimProbe(circuit, attempt, now);
    if (await services.circuits.putCircuit(target.id, circuit, claimed)) return { target, circuit: claimed, attempt };
  }
  const seconds = passage.next === 'wait' ? passage.seconds : 15;
  await services.runs.holdDispatch(run, now + seconds * 1000);
  return 'held';
}

/** What is known of the failures of the executor the run waits for; undefined unless it waits because of them. */
export async function readCircuit(
  services: Services,
  run: Run,
): Promise<{ readonly name: string; readonly since: number } | undefined> {
  if (!isLive(run) || run.dispatch !== 'due' || (run.dispatchAfter ?? 0) <= services.now()) return undefined;
  const target = targetOf((await pinnedPlan(services, run)).executor);
  const circuit = target && (await services.circuits.getCircuit(target.id));
  return target && circuit?.openUntil !== undefined ? { name: target.name, since: circuit.since } : undefined;
}

/** The executor took the attempt. */
export async function recordAccepted(services: Services, pass: Pass | undefined): Promise<void> {
  if (pass?.circuit === undefined) return;
  const { target, circuit } = pass;
  await safely(services, target, async () => {
    const next = afterAccepted(circuit);
    if (next === undefined) return;
    const done = await services.circuits.putCircuit(target.id, circuit, next);
    if (done && circuit.openUntil !== undefined) {
      services.log({ level: 'info', event: 'circuit closed', executor: target.name });
    }
  });
}

/**
 * The executor could not be reached: at the last try of an attempt, or at the only one of who tries an executor that is known
 * to fail.
 */
export async function recordUnreached(services: Services, pass: Pass | undefined, isLast: boolean): Promise<void> {
  if (pass === undefined || !(isLast || isProbe(pass))) return;
  await recordFailure(services, pass.target, 'dispatch', pass.attempt);
}

/** An executor that says when to come again is alive: that opens nothing, and holds others only if it is open anyway. */
export async function recordHold(services: Services, pass: Pass | undefined, seconds: number): Promise<void> {
  if (pass?.circuit === undefined || !isProbe(pass)) return;
  const { target, circuit } = pass;
  await safely(services, target, async () => {
    await services.circuits.putCircuit(target.id, circuit, afterHold(circuit, seconds, services.now()));
  });
}

/** The run's current attempt ended. A silent one says nothing: hung tests look just like a dead executor. */
export async function recordEnd(services: Services, run: Run, plan: Plan, { problem }: AttemptEnd): Promise<void> {
  const target = targetOf(plan.executor);
  if (target === undefined) return;
  if (problem?.jobOnly !== true && (problem?.reason === 'executorLost' || problem?.reason === 'executorProtocol')) {
    await recordFailure(services, target, 'attempt', nameOf(run));
    return;
  }
  const failed = problem !== undefined && failureClassOf(problem) === 'infrastructure';
  if (failed || run.onProbation === undefined) return;
  await safely(services, target, async () => {
    const circuit = await services.circuits.getCircuit(target.id);
    const next = circuit && afterGoodEnd(circuit);
    if (next !== undefined) await services.circuits.putCircuit(target.id, circuit, next);
  });
}

async function recordFailure(
  services: Services,
  target: Target,
  kind: Circuit['kind'],
  attempt: string,
): Promise<void> {
  await safely(services, target, async () => {
    for (let round = 0; round < rounds; round++) {
      const seen = await services.circuits.getCircuit(target.id);
      const next = afterFailure(seen, kind, attempt, services.now());
      if (next === undefined) return;
      if (!(await services.circuits.putCircuit(target.id, seen, next))) continue;
      if (next.openUntil !== undefined) {
        services.log({ level: 'warn', event: 'circuit opened', executor: target.name });
      }
      return;
    }
  });
}

/** What is known of an executor is a help, never a reason to lose what happened to a run. */
async function safely(services: Services, target: Target, record: () => Promise<void>): Promise<void> {
  try {
    await record();
  } catch (error) {
    services.log({ level: 'warn', event: 'circuit not recorded', executor: target.name, error });
  }
}

function isProbe({ circuit, attempt }: Pass): boolean {
  return circuit?.probe === attempt;
}

function nameOf({ id, attempt }: Run): string {
  return `run-${id}-a${attempt}`;
}
