import { faults } from './faults.ts';
import { createRandom } from './random.ts';
import { type Command, type Focus, makeScenario, type Scenario } from './scenario.ts';

/** Of the list of all faults: a schedule aims at some eight, and calls half of the methods. */
const oneInMany = 71;
/** A walk aims at some sixty; it calls nearly all methods, most of them just once. */
const oneInSome = 9;

/** Where methods are called that few schedules call. */
interface Corner {
  readonly focus: Focus;
  /** They are aimed at, each with one fault. */
  readonly at: readonly string[];
}

const deadlines = { queueSeconds: 900, startSeconds: 240, runSeconds: 900, inactivitySeconds: 240, stopSeconds: 45 };
const onePlan = [{ overlap: 'allow', rerun: { max: 1 }, redispatch: { max: 1 }, deadlines }];
const inARow = onePlan.map((plan) => ({ ...plan, overlap: 'queue' }));
const onlyTriggers = { stop: 0, rerun: 0, step: 0, conclude: 0, sweep: 0, crash: 0 };
const callsBack = { selects: 'iterations', callsBack: true, polls: false, stops: true } as const;
const polls = { selects: 'cases', callsBack: false, polls: true, stops: true } as const;
const quiet = { silent: 0, unreachable: 0, refuses: 0 };

const corners: readonly Corner[] = [
  // More runs than slots.
  {
    focus: { plans: onePlan, capacity: 1, weights: { ...onlyTriggers, stop: 4 }, length: 8, keys: 0, eagerness: 0.15 },
    at: [
      ...['beginSlots', 'holdSlots', 'waitForSlots', 'callWaiter', 'join'].map((method) => `runs.${method}`),
      ...['readSlots', 'takeSlot', 'untakeSlot', 'waitForSlot', 'stopWaiting', 'leaveSlots'].map(
        (method) => `slots.${method}`,
      ),
    ],
  },
  // A stop comes before a run has its place among those that wait for a slot.
  {
    focus: {
      ...{ plans: onePlan, capacity: 1, weights: { ...onlyTriggers, stop: 20 }, length: 10, keys: 0, driver: 'loop' },
      ...{ holds: 'SLOTS ADD #waiting', lets: 0.004, outlasts: true },
    },
    at: ['slots.stopWaiting', 'slots.waitForSlot', 'slots.leaveSlots', 'runs.waitForSlots', 'runs.callWaiter'],
  },
  // An executor nobody reaches, so that dispatches wait for it.
  {
    focus: { plans: onePlan, habits: { unreachable: 95, refuses: 0 }, weights: onlyTriggers, length: 8, keys: 0 },
    at: ['circuits.getCircuit', 'circuits.putCircuit', 'runs.holdDispatch', 'runs.releaseDispatch', 'executor.start'],
  },
  // Results that come before the dispatch has its answer.
  {
    focus: { plans: onePlan, capabilities: callsBack, habits: quiet, holds: 'executor.start', outlasts: true },
    at: ['runs.markRunning', 'runs.acceptDispatch', 'runs.claimDispatch', 'runs.cancelDone', 'executor.stop'],
  },
  // Jobs that go on for longer than an execution waits.
  {
    focus: {
      plans: onePlan,
      driver: 'machine',
      capabilities: callsBack,
      habits: { ...quiet, slow: 100 },
      weights: { ...onlyTriggers, stop: 2 },
    },
    at: ['keepToken', 'markTokenOver', 'registerToken', 'scheduleNext', 'stop', 'nextAttempt'].map(
      (method) => `runs.${method}`,
    ),
  },
  // More runs than may go on, and people who stop them.
  {
    focus: {
      ...{ plans: inARow, habits: { ...quiet, slowToStop: 30 }, overlaps: ['queue', 'queue', 'reject'] },
      ...{ weights: { ...onlyTriggers, stop: 8 }, length: 8, keys: 0, slowness: 0.005 },
    },
    at: [
      ...['wait', 'promote', 'release', 'reject', 'lock', 'leave', 'stop', 'cancelDone'].map(
        (method) => `runs.${method}`,
      ),
      'executor.stop',
    ],
  },
  // An executor that is asked and makes no sense.
  {
    focus: { plans: onePlan, capabilities: polls, habits: { ...quiet, unreachable: 50 }, weights: onlyTriggers },
    at: ['runs.countGarbage', 'runs.holdPoll', 'executor.poll', 'runs.nextAttempt', 'runs.cancelDone'],
  },
  // Executions that end without ending their runs.
  {
    focus: { plans: inARow, driver: 'machine', faultRate: 0.25, weights: { ...onlyTriggers, step: 2, crash: 2 } },
    at: ['runs.continueExecution', 'workflow.start', 'workflow.wake', 'runs.promote', 'runs.release', 'runs.wait'],
  },
  // More cases than anybody knew of.
  {
    focus: { plans: onePlan, habits: { ...quiet, many: 100 }, weights: onlyTriggers, length: 2, slowness: 0 },
    at: ['runs.extendResultIds', 'plans.appendCatalog', 'plans.readCatalog', 'runs.putResultChunks'],
  },
];

/** Calls that a walk does not get an answer to for long, and what others do meanwhile. */
const slowWalks = [
  {
    hold: { holds: 'table.delete PLAN', lets: 0.004, outlasts: true },
    at: ['plans.deletePlan', 'plans.deletionGivenUp', 'plans.schedulesSynced', 'runs.override'],
  },
  {
    hold: { holds: 'bus.publish', lets: 0.01, outlasts: true },
    at: ['schedules.getOccurrence', 'schedules.recordOccurrence', 'schedules.occurrenceTold', 'bus.publish'],
  },
];

/**
 * The schedule of the seed among many in a row. Half of them aim at faults of methods, so that enough of them aim at all; one in
 * ten is a walk through the API, and two in ten are corners.
 */
export function scenarioOf(seed: number): Scenario {
  const nth = Math.floor(seed / 10);
  if (seed % 10 === 0) return toWalk(makeScenario(seed), nth);
  const turn = [3, 7].indexOf(seed % 10);
  if (turn >= 0) {
    const n = nth * 2 + turn;
    const { focus, at } = corners[n % corners.length] as Corner;
    const aim = { nth: Math.floor(n / corners.length), of: faults.length, at };
    return { ...makeScenario(seed, { lasts: 0.9995, ...focus }), aim };
  }
  const aimed = [1, 5, 9].indexOf(seed % 10);
  return { ...makeScenario(seed), aim: aimed < 0 ? undefined : { nth: nth * 3 + aimed, of: oneInMany } };
}

/** Someone walks through the API, on plans of their own, while functions are invoked twice and processes die; or alone, one time in five. */
function toWalk({ capacity: _, ...scenario }: Scenario, nth: number): Scenario {
  const random = createRandom(`walk ${scenario.seed}`);
  // The deadlines of these plans are too long to wait for.
  const habits = { ...scenario.habits, silent: 0 };
  if (nth % 5 === 0) {
    const calm = { faultRate: 0, slowness: 0, habits: { ...habits, unreachable: 0 } };
    return { ...scenario, ...calm, plans: [], commands: [{ do: 'tour' }] };
  }
  const others = ['sweep', 'sweep', 'step', 'conclude', 'stop', 'crash'] as const;
  const commands = Array.from({ length: 4 }, (): Command => {
    const kind = random.pick(others);
    return kind === 'sweep' || kind === 'crash' ? { do: kind } : { do: kind, of: random.below(4) };
  });
  // The others come all the way along.
  const walk = { habits, plans: [], commands: [{ do: 'tour' } as const, ...commands], eagerness: 0.003, haste: 0.03 };
  const round = Math.floor(nth / 10);
  const slow = slowWalks[[3, 7].indexOf(nth % 10)];
  if (slow) return { ...scenario, ...walk, ...slow.hold, aim: { nth: round, of: faults.length, at: slow.at } };
  return { ...scenario, ...walk, aim: { nth: round * 6 + [1, 2, 4, 6, 8, 9].indexOf(nth % 10), of: oneInSome } };
}
