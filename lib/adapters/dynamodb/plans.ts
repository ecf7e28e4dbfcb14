import { gunzipSync, gzipSync } from 'node:zlib';
import { ServiceError } from '../../core/errors.ts';
import type { Plan, PlanDocument } from '../../core/plan.ts';
import type { PlanStore } from '../../core/ports.ts';
import { createCatalogs } from './catalog.ts';
import { lockKey } from './run-item.ts';
import type { Item, Key, Table } from './table.ts';

/** Pinned versions kept in memory; they never change. */
const maxCached = 100;

export function createPlanStore(table: Table): PlanStore {
  const versions = new Map<string, Plan>();

  const projectNumber = async (name: string): Promise<number> => {
    const key = { pk: `PROJECT#${name}`, sk: 'PROJECT' };
    const known = await table.get(key);
    if (known !== undefined) return Number(known.id);
    const id = await next(table, 'projects');
    const won = await table.put({ ...key, id, name, list: 'PROJECTS' }, 'attribute_not_exists(#pk)');
    return won ? id : Number((await table.get(key))?.id);
  };

  /** The name points at the plan; one whose plan is gone, or has another name by now, may be taken over. */
  const claimName = async (document: PlanDocument, planId: number): Promise<void> => {
    const key = nameKey(document.project, document.name);
    if (await table.put({ ...key, planId }, 'attribute_not_exists(#pk) OR #planId = :planId', { planId })) return;
    const holder = Number((await table.get(key))?.planId);
    const held = await table.get(headKey(holder));
    const plan = held && toPlan(held);
    if (plan && plan.name === document.name && plan.project === document.project) {
      throw new ServiceError(
        'NAME_TAKEN',
        `project ${document.project} already has a plan named ${document.name}: ${holder}`,
      );
    }
    if (await table.put({ ...key, planId }, '#planId = :holder', { holder })) return;
    throw new ServiceError('VERSION_CONFLICT', 'the plan is being created by someone else; try again');
  };

  return {
    ...createCatalogs(table),

    async createPlan(document, ownerId, now) {
      const projectId = await projectNumber(document.project);
      for (;;) {
        const id = document.id ?? (await next(table, 'plans'));
        if (document.id === undefined && (await table.get(headKey(id))) !== undefined) continue;
        const plan: Plan = {
          ...document,
          id,
          version: 1,
          projectId,
          createdAt: now,
          updatedAt: now,
          createdBy: ownerId,
          updatedBy: ownerId,
        };
        await claimName(document, id);
        const created = await table.put({ ...toItem(plan, headKey(id)), list: 'PLANS' }, 'attribute_not_exists(#pk)');
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
      const projectId = renamed ? await projectNumber(document.project) : plan.projectId;
      const changed: Plan = {
        ...document,
        id: plan.id,
        version: plan.version + 1,
        projectId,
        createdAt: plan.createdAt,
        createdBy: plan.createdBy,
        updatedAt: now,
        updatedBy: ownerId,
      };
      if (renamed) await claimName(document, plan.id);
      // The version about to be replaced stays readable even if the writer that made it died before it pinned it.
      await pin(table, plan);
      const head = { ...toItem(changed, headKey(plan.id)), list: 'PLANS' };
      if (!(await table.put(head, '#version = :version', { version: plan.version }))) {
        throw new ServiceError('VERSION_CONFLICT', `plan ${plan.id} was changed in the meantime; read it again`);
      }
      await pin(table, changed);
      if (renamed) await table.delete(nameKey(plan.project, plan.name), '#planId = :planId', { planId: plan.id });
      return changed;
    },

    async deletePlan(plan) {
      await pin(table, plan);
      if (!(await table.delete(headKey(plan.id), '#version = :version', { version: plan.version }))) {
        throw new ServiceError('VERSION_CONFLICT', `plan ${plan.id} was changed in the meantime; read it again`);
      }
      await table.delete(nameKey(plan.project, plan.name), '#planId = :planId', { planId: plan.id });
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
      const plan = pointer && (await this.getPlan(Number(pointer.planId)));
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

    async listProjects() {
      const items = await table.query({ index: 'list', where: '#list = :list', values: { list: 'PROJECTS' } });
      return items.map(({ pk, id }) => ({ name: String(pk).slice('PROJECT#'.length), id: Number(id) }));
    },
  };
}

/** The next number of the sequence, from 1. */
export async function next(table: Table, sequence: string): Promise<number> {
  return Number((await table.update({ pk: 'SEQ', sk: sequence }, 'ADD #n :one', { one: 1 }))?.n);
}

const headKey = (planId: number): Key => ({ pk: `PLAN#${planId}`, sk: 'PLAN' });
const versionKey = (planId: number, version: number): Key => ({ pk: `PLAN#${planId}`, sk: `V#${version}` });
const nameKey = (project: string, name: string): Key => ({ pk: `NAME#${project}#${name}`, sk: 'PLAN' });

/** Keeps the version for the runs that use it. The head decides what a version is, so this never overwrites. */
async function pin(table: Table, plan: Plan): Promise<void> {
  await table.put(toItem(plan, versionKey(plan.id, plan.version)), 'attribute_not_exists(#pk)');
}

function toItem(plan: Plan, key: Key): Item & Key & { bytes: Uint8Array } {
  return { ...key, id: plan.id, version: plan.version, bytes: gzipSync(JSON.stringify(plan)) };
}

function toPlan(item: Item): Plan {
  return JSON.parse(gunzipSync(item.bytes as Uint8Array).toString('utf8')) as Plan;
}
