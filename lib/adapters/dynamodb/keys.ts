import type { ApiKey, KeyStore } from '../../core/ports.ts';
import { putOnce } from './once.ts';
import { next } from './plans.ts';
import type { Item, Key, Table } from './table.ts';

export function createKeyStore(table: Table): KeyStore {
  return {
    async putKey(key) {
      const item = { ...itemKey(key.id), keyId: key.id, list: 'KEYS', id: key.createdAt, doc: JSON.stringify(key) };
      return putOnce(table, item, 'attribute_not_exists(#pk)');
    },

    async getKey(keyId) {
      const item = await table.get(itemKey(keyId));
      return item && toKey(item);
    },

    async listKeys() {
      const items = await table.query({ index: 'list', where: '#list = :list', values: { list: 'KEYS' } });
      const keys = await table.getMany(items.map(({ pk }) => ({ pk: String(pk), sk: 'KEY' })));
      return keys.map(toKey).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    },

    async revokeKey(keyId, at) {
      // A rotated key's end may lie ahead: it can still be brought forward, never put off.
      const condition = 'attribute_exists(#pk) AND (attribute_not_exists(#revokedAt) OR #revokedAt > :at)';
      return (await table.update(itemKey(keyId), 'SET #revokedAt = :at', { at }, condition)) !== undefined;
    },

    nextOwnerId: () => next(table, 'owners'),
  };
}

const itemKey = (keyId: string): Key => ({ pk: `KEY#${keyId}`, sk: 'KEY' });

function toKey(item: Item): ApiKey {
  const key = JSON.parse(String(item.doc)) as ApiKey;
  return item.revokedAt === undefined ? key : { ...key, revokedAt: Number(item.revokedAt) };
}
