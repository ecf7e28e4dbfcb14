import type { Circuit } from '../../core/circuit.ts';
import type { CircuitStore } from '../../core/ports.ts';
import type { Key, Table } from './table.ts';

/** What nobody touched for so long says nothing any more. */
const keepSeconds = 7 * 24 * 3600;

/** CIRCUIT: an executor that fails, one item a target. Of several who write after the same look the first wins. */
export function createCircuitStore(table: Table): CircuitStore {
  return {
    async getCircuit(targetId) {
      const item = await table.get(itemKey(targetId));
      if (item === undefined) return undefined;
      const { pk: _pk, sk: _sk, expiresAt: _expiresAt, ...circuit } = item;
      return circuit as unknown as Circuit;
    },

    async putCircuit(targetId, seen, next) {
      const item = { ...next, ...itemKey(targetId), expiresAt: Math.ceil(next.lastAt / 1000) + keepSeconds };
      return seen === undefined
        ? table.put(item, 'attribute_not_exists(#pk)')
        : table.put(item, '#version = :version', { version: seen.version });
    },
  };
}

const itemKey = (targetId: string): Key => ({ pk: `CIRCUIT#${targetId}`, sk: 'CIRCUIT' });
