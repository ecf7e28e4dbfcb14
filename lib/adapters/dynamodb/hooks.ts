import { ServiceError } from '../../core/errors.ts';
import { type Hook, type HookCall, hookCallSeconds } from '../../core/hook.ts';
import type { HookStore } from '../../core/ports.ts';
import { deleteOnce, putOnce } from './once.ts';
import type { Item, Key, Table } from './table.ts';

export function createHookStore(table: Table): HookStore {
  return {
    async createHook(hook) {
      if (await putOnce(table, toItem(hook), 'attribute_not_exists(#pk)')) return;
      throw new ServiceError('UNAVAILABLE', 'the hook could not be made; try again', { retryAfterSeconds: 1 });
    },

    async getHook(id) {
      const item = await table.get(itemKey(id));
      return item && toHook(item);
    },

    async listHooks() {
      const items = await table.query({ index: 'list', where: '#list = :list', values: { list: 'HOOKS' } });
      const hooks = await table.getMany(items.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })));
      return hooks.map(toHook).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    },

    async putHook(hook) {
      const before = { version: hook.version - 1 };
      if (!(await putOnce(table, toItem(hook), '#version = :version', before))) throw conflict(hook.id);
    },

    async deleteHook({ id, version }) {
      if (!(await deleteOnce(table, itemKey(id), '#version = :version', { version }))) throw conflict(id);
    },

    async recordCall(call) {
      const expiresAt = Math.floor(call.receivedAt / 1000) + hookCallSeconds;
      const item = { ...callKey(call), expiresAt, doc: JSON.stringify(call) };
      await table.put(item);
    },

    async listCalls(hookId, limit) {
      const where = '#pk = :pk AND begins_with(#sk, :call)';
      const values = { pk: itemKey(hookId).pk, call: 'CALL#' };
      const items = await table.query({ where, values, descending: true, limit });
      return items.map(({ doc }) => JSON.parse(String(doc)) as HookCall);
    },
  };
}

const itemKey = (id: string): Key => ({ pk: `HOOK#${id}`, sk: 'HOOK' });
/** Newest last; the delivery's id keeps two of one millisecond apart. */
const callKey = ({ hookId, receivedAt, deliveryId }: HookCall): Key => ({
  pk: itemKey(hookId).pk,
  sk: `CALL#${String(receivedAt).padStart(15, '0')}#${deliveryId}`,
});

function toItem(hook: Hook): Item & Key {
  const { id, version, createdAt } = hook;
  return { ...itemKey(id), version, list: 'HOOKS', id: createdAt, doc: JSON.stringify(hook) };
}

function toHook(item: Item): Hook {
  return JSON.parse(String(item.doc)) as Hook;
}

function conflict(id: string): ServiceError {
  return new ServiceError('VERSION_CONFLICT', `hook ${id} was changed in the meantime; read it again`);
}
