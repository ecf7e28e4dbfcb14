import { ServiceError } from '../../core/errors.ts';
import type { Environment, EnvironmentStore } from '../../core/ports.ts';
import { claimName } from './names.ts';
import { deleteOnce, putOnce } from './once.ts';
import { next, projectNumber } from './plans.ts';
import type { Item, Key, Table } from './table.ts';

export function createEnvironmentStore(table: Table): EnvironmentStore {
  const getEnvironment = async (id: number): Promise<Environment | undefined> => {
    const item = await table.get(itemKey(id));
    return item && toEnvironment(table, item);
  };

  const claim = ({ project, name, id }: Pick<Environment, 'project' | 'name' | 'id'>, now: number): Promise<void> =>
    claimName(table, nameKey(project, name), id, now, async (holder) => {
      const held = await getEnvironment(holder);
      return held !== undefined && held.name === name && held.project === project;
    });

  return {
    getEnvironment,

    async createEnvironment({ name, description, project, variables, enabled, capacity }, ownerId, now) {
      const id = await next(table, 'environments');
      await claim({ project, name, id }, now);
      const counted = await table.update({ pk: 'SEQ', sk: 'variables' }, 'ADD #n :count', { count: variables.length });
      const firstId = Number(counted?.n) - variables.length + 1;
      const environment: Environment = {
        id,
        name,
        description,
        project,
        projectId: await projectNumber(table, project),
        variables: variables.map((variable, i) => ({ ...variable, id: firstId + i })),
        enabled: enabled ?? true,
        capacity: capacity ?? null,
        version: 1,
        createdAt: now,
        updatedAt: now,
        createdBy: ownerId,
        updatedBy: ownerId,
      };
      await table.put(toItem(environment), 'attribute_not_exists(#pk)');
      return environment;
    },

    async listEnvironments() {
      const items = await table.query({ index: 'list', where: '#list = :list', values: { list: 'ENVIRONMENTS' } });
      const environments = await table.getMany(items.map(({ id }) => itemKey(Number(id))));
      return (await Promise.all(environments.map((item) => toEnvironment(table, item)))).sort((a, b) => a.id - b.id);
    },

    async putEnvironment(environment) {
      await claim(environment, environment.updatedAt);
      const before = { version: environment.version - 1 };
      if (!(await putOnce(table, toItem(environment), '#version = :version', before))) throw conflict(environment.id);
    },

    async deleteEnvironment({ id, version, project, name }) {
      if (!(await deleteOnce(table, itemKey(id), '#version = :version', { version }))) throw conflict(id);
      await table.delete(nameKey(project, name), '#holder = :id', { id });
    },
  };
}

const itemKey = (id: number): Key => ({ pk: `ENV#${id}`, sk: 'ENV' });
const nameKey = (project: string, name: string): Key => ({ pk: `NAME#${project}#${name}`, sk: 'ENV' });

function toItem(environment: Environment): Item & Key {
  const { id, version } = environment;
  return { ...itemKey(id), id, version, list: 'ENVIRONMENTS', doc: JSON.stringify(environment) };
}

async function toEnvironment(table: Table, item: Item): Promise<Environment> {
  const stored = JSON.parse(String(item.doc)) as Environment;
  // One from before there were capacities has none of the three.
  const { enabled = true, capacity = null, projectId = await projectNumber(table, stored.project) } = stored;
  return { ...stored, enabled, capacity, projectId };
}

function conflict(id: number): ServiceError {
  return new ServiceError('VERSION_CONFLICT', `environment ${id} was changed in the meantime; read it again`);
}
