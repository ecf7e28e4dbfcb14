import { gunzipSync, gzipSync } from 'node:zlib';
import { ServiceError } from '../../core/errors.ts';
import type { Plan, PlanDocument, SavedConfig } from '../../core/plan.ts';
import type { PlanStore } from '../../core/ports.ts';
import { keepConfigIds } from '../../core/saved-configs.ts';
import { keepScheduleIds } from '../../core/schedule/keep-schedule-ids.ts';
import type { PlanSchedule, ScheduleDocument } from '../../core/schedule/schedule-form.ts';
import { createCatalogs } from './catalog.ts';
import { scheduleShard } from './definition.ts';
import { claimName } from './names.ts';
import { deleteOnce, putOnce } from './once.ts';
import { lockKey } from './run-item.ts';
import type { Item, Key, Table } from './table.ts';

/** The part of the index `feed` that plans with triggers for events are in; its others are projects. */
const eventPlans = 'EVENTS';
/** Pinned versions kept in memory; they never change. */
const maxCached = 100;
/** What follows a write gets this long before the sweeper does what it left, in milliseconds. */
const effectsMs = 10_000;

export function createPlanStore(table: Table): PlanStore {
  const versions = new Map<string, Plan>();

  const holdsName = async (planId: number, { project, name }: PlanDocument): Promise<boolean> => {
    const item = await table.get(headKey(planId));
    const plan = item && toPlan(item);
    return plan !== undefined && plan.name === name && plan.project === project;
  };

  return {
    ...createCatalogs(table),

    async createPlan(document, ownerId, now) {
      const projectId = await projectNumber(table, document.project);
      for (;;) {
        const id = document.id ?? (await next(table, 'plans'));
        if (document.id === undefined && (await table.get(headKey(id))) !== undefined) continue;
        const plan: Plan = {
          ...document,
          configs: await numberConfigs(table, document.configs ?? []),
          schedules: await numberSchedules(table, keepScheduleIds([], document.schedules ?? [])),
          id,
          version: 1,
          projectId,
          createdAt: now,
          updatedAt: now,
          createdBy: ownerId,
          updatedBy: ownerId,
        };
        await claimName(table, nameKey(document.project, document.name), id, now, (holder) =>
          holdsName(holder, document),
        );
        const behind = plan.schedules.length > 0;
        const created = await putOnce(table, toHead(plan, behind), 'attribute_not_exists(#pk)');
        if (created) {
          await pin(table, plan);
          return plan;
        }
        if (document.id !== undefined) {
          throw new ServiceError('VERSION_CONFLICT', `there is already a plan ${id}; change it instead`);
        }
      }
    },

    async updatePlan(plan, document, ownerId, now) {
      const renamed = plan.name !== document.name || plan.project !== document.project;
      const projectId = renamed ? await projectNumber(table, document.project) : plan.projectId;
      const changed: Plan = {
        ...document,
        configs: await numberConfigs(table, keepConfigIds(plan.configs, document.configs ?? plan.configs)),
        schedules: await numberSchedules(table, keepScheduleIds(plan.schedules, document.schedules ?? plan.schedules)),
        id: plan.id,
        version: plan.version + 1,
        projectId,
        createdAt: plan.createdAt,
        createdBy: plan.createdBy,
        updatedAt: now,
        updatedBy: ownerId,
      };
      if (renamed) {
        await claimName(table, nameKey(document.project, document.name), plan.id, now, (holder) =>
          holdsName(holder, document),
        );
      }
      // The version about to be replaced stays readable even if the writer that made it died before it pinned it.
      await pin(table, plan);
      // Also if they did not change: the last who changed them may have died before they followed.
      const behind = changed.schedules.length + plan.schedules.length > 0 || changed.project !== plan.project;
      if (!(await putOnce(table, toHead(changed, behind), '#version = :version', { version: plan.version }))) {
        throw changedMeanwhile(plan);
      }
      await pin(table, changed);
      if (renamed) await table.delete(nameKey(plan.project, plan.name), '#holder = :id', { id: plan.id });
      return changed;
    },

    async deletePlan(plan, now) {
      await pin(table, plan);
      // Before: what is to be removed with the plan is found by the sweeper, whoever dies here.
      const { id } = plan;
      const at = now + effectsMs;
      await table.put({ ...goneKey(id), due: scheduleShard(id), nextActionAt: at });
      // Refused also if this deletion was taken for given up, and what it would leave behind is nobody's any more.
      const condition = '#version = :version AND (attribute_not_exists(#keptAt) OR #keptAt < :at)';
      if (!(await deleteOnce(table, headKey(plan.id), condition, { version: plan.version, at }))) {
        await table.delete(goneKey(id), '#nextActionAt = :at', { at });
        throw changedMeanwhile(plan);
      }
      await table.delete(nameKey(plan.project, plan.name), '#holder = :id', { id: plan.id });
    },

    async schedulesSynced({ id }, version) {
      if (version === undefined) await table.delete(goneKey(id));
      else await table.update(headKey(id), 'REMOVE #due, #nextActionAt', { version }, '#version = :version');
    },

    async deletionGivenUp(planId, now) {
      // First the plan: whoever began to delete it and comes to it only now finds it kept.
      if ((await table.update(headKey(planId), 'SET #keptAt = :now', { now }, 'attribute_exists(#pk)')) === undefined)
        return;
      // Not the one of a deletion that has just begun.
      await table.delete(goneKey(planId), '#nextActionAt <= :now', { now });
    },

    async getPlan(planId) {
      const item = await table.get(headKey(planId));
      return item && toPlan(item);
    },

    async getPlanVersion(planId, version) {
      const name = `${planId}.${version}`;
      const known = versions.get(name);
      if (known) return known;
      const item = (await table.get(versionKey(planId, version))) ?? (await table.get(headKey(planId)));
      if (item === undefined || Number(item.version) !== version) return undefined;
      const plan = toPlan(item);
      versions.set(name, plan);
      if (versions.size > maxCached) versions.delete(versions.keys().next().value as string);
      return plan;
    },

    async getPlanForTrigger(planId) {
      const items = await table.getMany([headKey(planId), lockKey(planId)]);
      const head = items.find(({ sk }) => sk === 'PLAN');
      if (head === undefined) return undefined;
      const learnt = items.find(({ sk }) => sk === 'LOCK');
      return {
        plan: toPlan(head),
        catalogSize: Number(learnt?.catalogSize ?? 0),
        ...(learnt?.usualSeconds === undefined ? {} : { usualSeconds: Number(learnt.usualSeconds) }),
      };
    },

    async findPlanByName(project, name) {
      const pointer = await table.get(nameKey(project, name));
      const plan = pointer && (await this.getPlan(Number(pointer.holder)));
      return plan && plan.name === name && plan.project === project ? plan : undefined;
    },

    async listPlans(after, limit) {
      const items = await table.query({
        index: 'list',
        where: '#list = :list AND #id > :after',
        values: { list: 'PLANS', after },
        limit,
      });
      const heads = await table.getMany(items.map(({ id }) => headKey(Number(id))));
      return heads.map(toPlan).sort((a, b) => a.id - b.id);
    },

    async listEventPlans() {
      const items = await table.query({ index: 'feed', where: '#feed = :feed', values: { feed: eventPlans } });
      const heads = await table.getMany(items.map(({ id }) => headKey(Number(id))));
      return heads.map(toPlan);
    },

    async getProject(name) {
      const item = await table.get(projectKey(name));
      return item && { name, id: Number(item.id) };
    },

    async listProjects() {
      const items = await table.query({ index: 'list', where: '#list = :list', values: { list: 'PROJECTS' } });
      return items.map(({ pk, id }) => ({ name: String(pk).slice('PROJECT#'.length), id: Number(id) }));
    },
  };
}

function changedMeanwhile({ id }: Plan): ServiceError {
  return new ServiceError('VERSION_CONFLICT', `plan ${id} was changed in the meantime; read it again`);
}

/** The next number of the sequence, from 1. */
export async function next(table: Table, sequence: string): Promise<number> {
  return Number((await table.update({ pk: 'SEQ', sk: sequence }, 'ADD #n :one', { one: 1 }))?.n);
}

/** The number of the project; its first plan or environment gives it one. */
export async function projectNumber(table: Table, name: string): Promise<number> {
  const key = projectKey(name);
  const known = await table.get(key);
  if (known !== undefined) return Number(known.id);
  const id = await next(table, 'projects');
  const won = await table.put({ ...key, id, name, list: 'PROJECTS' }, 'attribute_not_exists(#pk)');
  return won ? id : Number((await table.get(key))?.id);
}

const headKey = (planId: number): Key => ({ pk: `PLAN#${planId}`, sk: 'PLAN' });
/** Put before a plan is deleted, and there until its schedules are, too. */
const goneKey = (planId: number): Key => ({ pk: `PLAN#${planId}`, sk: 'GONE' });
const versionKey = (planId: number, version: number): Key => ({ pk: `PLAN#${planId}`, sk: `V#${version}` });
const projectKey = (name: string): Key => ({ pk: `PROJECT#${name}`, sk: 'PROJECT' });
const nameKey = (project: string, name: string): Key => ({ pk: `NAME#${project}#${name}`, sk: 'PLAN' });

/** Keeps the version for the runs that use it. The head decides what a version is, so this never overwrites. */
async function pin(table: Table, plan: Plan): Promise<void> {
  await table.put(toItem(plan, versionKey(plan.id, plan.version)), 'attribute_not_exists(#pk)');
}

/** What the plan is now, in the list of all, and in that of plans that wait for events by the same write. */
function toItem(plan: Plan, key: Key): Item & Key & { bytes: Uint8Array } {
  return { ...key, id: plan.id, version: plan.version, bytes: gzipSync(JSON.stringify(plan)) };
}

/** `behind`: its schedules have yet to follow. */
function toHead(plan: Plan, behind: boolean): Item & Key {
  const due = behind ? { due: scheduleShard(plan.id), nextActionAt: plan.updatedAt + effectsMs } : {};
  const feed = plan.triggers.events.length > 0 ? { feed: eventPlans } : {};
  return { ...toItem(plan, headKey(plan.id)), list: 'PLANS', ...feed, ...due };
}

function toPlan(item: Item): Plan {
  const stored = JSON.parse(gunzipSync(item.bytes as Uint8Array).toString('utf8')) as Plan;
  // A version from before there were saved selections, machines, subscriptions, triggers or schedules has none.
  const { configs = [], machines = [], notify = [], schedules = [] } = stored;
  const triggers: Partial<Plan['triggers']> | undefined = stored.triggers;
  const { webhooks = [], events = [] } = triggers ?? {};
  return { ...stored, configs, machines, notify, schedules, triggers: { webhooks, events } };
}

/** Gives every selection without an id the next number that no other of the plan has. */
async function numberConfigs(table: Table, configs: NonNullable<PlanDocument['configs']>): Promise<SavedConfig[]> {
  const taken = new Set(configs.map(({ id }) => id));
  const numbered: SavedConfig[] = [];
  for (const config of configs) {
    let { id } = config;
    while (id === undefined) {
      const candidate = await next(table, 'configs');
      if (!taken.has(candidate)) id = candidate;
    }
    numbered.push({ ...config, id });
  }
  return numbered;
}

async function numberSchedules(table: Table, schedules: readonly ScheduleDocument[]): Promise<PlanSchedule[]> {
  const numbered: PlanSchedule[] = [];
  for (const schedule of schedules) {
    numbered.push({ ...schedule, id: schedule.id ?? (await next(table, 'schedules')) });
  }
  return numbered;
}
