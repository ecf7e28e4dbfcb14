import type { Stores } from '../../lib/adapters/dynamodb/client.ts';
import { createLocalScheduler, type LocalScheduler } from '../../lib/adapters/local-scheduler.ts';
import type { Plan } from '../../lib/core/plan.ts';
import type { Armed, BusEvent, LogEntry, Scheduler, Services } from '../../lib/core/ports.ts';
import type { Run } from '../../lib/core/run.ts';
import type { Occurrence, Schedule } from '../../lib/core/schedule/schedule.ts';
import { fireSchedule } from '../../lib/workflow/fire-schedule.ts';
import { createSchedule, type Draft } from '../../lib/workflow/save-schedule.ts';
import { resumeSchedules, sweepSchedules } from '../../lib/workflow/sweep-schedules.ts';
import { createFakeSecrets } from './fake-secrets.ts';
import { seededBytes } from './http.ts';
import { aDocument } from './runs.ts';
import { openTestTable } from './table.ts';
import { createVirtualClock } from './virtual-clock.ts';

export type ScheduleWorld = Awaited<ReturnType<typeof openScheduleWorld>>;

/** A process that may die: from its nth call of a port on, or with that call's answer, nothing it does happens any more. */
export interface Fate {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** Schedules on a table in memory with the embedded scheduler, and time that a test moves. Runs are triggered and no more. */
export async function openScheduleWorld(start = Date.UTC(2027, 0, 4, 9)) {
  const { stores, otherStores, close } = await openTestTable();
  const clock = createVirtualClock(start);
  const published: BusEvent[] = [];
  const logs: LogEntry[] = [];
  const armed: Armed[] = [];
  const world = { busDown: false, armsFail: false };
  const ids: number[] = [];
  let made = 0;

  const createProcess = (over: Stores, fate?: Fate) => {
    const life = { calls: 0, dead: false };
    const local: LocalScheduler = createLocalScheduler({
      fire: (scheduleId, scheduledAt) => fireSchedule(services, scheduleId, scheduledAt),
      timers: clock,
      log: (entry) => logs.push(entry),
    });
    const scheduler: Scheduler = {
      async arm(occurrence) {
        if (world.armsFail) throw new Error('throttled');
        armed.push(occurrence);
        await local.arm(occurrence);
      },
      disarm: (scheduleId) => local.disarm(scheduleId),
    };
    const own: Services = {
      ...over,
      scheduler,
      sender: { notice() {}, send: async () => {} },
      renderDelivery: () => {
        throw new Error('nothing is rendered here');
      },
      workflow: { start: async () => 'open', wake: async () => {} },
      bus: {
        async publish(events) {
          if (world.busDown) throw new Error('the bus is down');
          published.push(...events);
        },
      },
      executors: () => ({
        capabilities: () => ({ selects: 'cases', callsBack: true, polls: false, stops: true }),
        start: async ({ key }) => ({ ref: key, executing: { grain: 'everything', description: 'everything' } }),
        poll: async () => ({ state: 'running', cases: [] }),
        stop: async () => 'gone',
      }),
      now: clock.now,
      random: seededBytes('schedules'),
      publicUrl: 'https://proctor.example',
      masterKeys: async () => [{ epoch: 1, key: new Uint8Array(32) }],
      secrets: createFakeSecrets(),
      log: (entry) => logs.push(entry),
    };
    const services: Services =
      fate === undefined
        ? own
        : {
            ...own,
            runs: mortal(own.runs, life, fate),
            schedules: mortal(own.schedules, life, fate),
            scheduler: mortal(own.scheduler, life, fate),
            bus: mortal(own.bus, life, fate),
          };
    return { services, life, local };
  };

  const first = createProcess(stores);
  let current = first;
  const { services } = first;
  const listRuns = async (planId: number): Promise<Run[]> =>
    services.runs.getRuns(await services.runs.listByPlan(planId, 2 ** 31, 100, false));

  return {
    world,
    clock,
    services,
    published,
    logs,
    armed,
    close,
    listRuns,
    async makePlan(change: Record<string, unknown> = {}): Promise<Plan> {
      made += 1;
      const executor = { type: 'http', url: 'https://runner.example/' };
      return stores.plans.createPlan(aDocument({ name: `plan ${made}`, executor, ...change }), 1, clock.now());
    },
    async makeSchedule(plan: Plan, change: Partial<Draft> = {}): Promise<Schedule> {
      const schedule = await createSchedule(
        current.services,
        {
          planId: plan.id,
          project: plan.project,
          name: 'nightly',
          comments: null,
          status: 'active',
          timing: hourlyFrom(clock.now() + hour),
          variables: {},
          jitterSeconds: 0,
          missed: 'runOnce',
          maxLatenessSeconds: 86_400,
          ...change,
        },
        { keyId: 'key', ownerId: 7, anchorField: 'at' },
      );
      ids.push(schedule.id);
      return schedule;
    },
    async getSchedule(id: number): Promise<Schedule> {
      const schedule = await stores.schedules.getSchedule(id);
      if (schedule === undefined) throw new Error(`no schedule ${id}`);
      return schedule;
    },
    /** Oldest first. */
    async listOccurrences(id: number): Promise<Occurrence[]> {
      return (await stores.schedules.listOccurrences(id, 1e15, 2000, clock.now())).reverse();
    },
    /** The process dies, with its timers, and nobody is there until it is started again. */
    async kill(): Promise<void> {
      await current.local.close();
    },
    /** Another process, which takes everything up. */
    async start(
      fate?: Fate,
    ): Promise<{ readonly services: Services; readonly life: { calls: number; dead: boolean } }> {
      current = createProcess(otherStores(), fate);
      await resumeSchedules(current.services);
      return current;
    },
    /** A process without anything of its own. */
    other: (fate?: Fate) => createProcess(otherStores(), fate),
    sweep: () => sweepSchedules(current.services),
    /** Time goes on, with a sweep after each of the milliseconds. */
    async sweepAfter(...each: readonly number[]): Promise<void> {
      for (const ms of each) {
        await clock.runFor(ms);
        await sweepSchedules(current.services);
      }
    },
    /** No schedule is left, and the process is alive. */
    async clear(): Promise<void> {
      await current.local.close();
      for (const id of ids.splice(0)) {
        const schedule = await stores.schedules.getSchedule(id);
        if (schedule !== undefined) await stores.schedules.deleteSchedule(schedule);
      }
      Object.assign(world, { busDown: false, armsFail: false });
      current = createProcess(otherStores());
    },
  };
}

export const hour = 3_600_000;

export function hourlyFrom(at: number): Draft['timing'] {
  return { recurrence: { type: 'hourly', anchor: new Date(at).toISOString() }, timezone: 'UTC' };
}

function mortal<T extends object>(port: T, life: { calls: number; dead: boolean }, fate: Fate): T {
  return new Proxy(port, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        if (life.dead) throw new Error('the process died');
        life.calls += 1;
        const dies = life.calls === fate.at;
        if (dies) life.dead = true;
        if (dies && fate.when === 'before') throw new Error('the process died');
        const answer = await member.apply(target, given);
        if (life.dead) throw new Error('the process died');
        return answer;
      };
    },
  });
}
