import { createHash } from 'node:crypto';
import type { Token, TokenStore } from '../../core/ports.ts';
import type { Item, Key, Table } from './table.ts';

const minuteMs = 60_000;

export function createTokenStore(table: Table): TokenStore {
  return {
    async putToken({ hash, keyId, kind, endsAt }) {
      await table.put({ ...tokenKey(hash), keyId, kind, endsAt, expiresAt: Math.ceil(endsAt / 1000) });
    },

    async getToken(hash) {
      const item = await table.get(tokenKey(hash));
      return item && toToken(hash, item);
    },

    async useRefreshToken(hash, at) {
      const condition = '#kind = :refresh AND #endsAt > :at AND attribute_not_exists(#usedAt)';
      const item = await table.update(tokenKey(hash), 'SET #usedAt = :at', { at, refresh: 'refresh' }, condition);
      return item && toToken(hash, item);
    },

    async countWrongSecret(name, now) {
      const minute = Math.floor(now / minuteMs);
      const expiresAt = Math.ceil(((minute + 2) * minuteMs) / 1000);
      const values = { one: 1, expiresAt };
      return Number((await table.update(wrongKey(name, minute), 'ADD #n :one SET #expiresAt = :expiresAt', values))?.n);
    },
  };
}

const tokenKey = (hash: string): Key => ({ pk: `TOKEN#${hash}`, sk: 'TOKEN' });

/** A name is whatever was sent, so its digest stands for it. */
function wrongKey(name: string, minute: number): Key {
  return { pk: `LOGIN#${createHash('sha256').update(name).digest('hex')}`, sk: `WRONG#${minute}` };
}

function toToken(hash: string, { keyId, kind, endsAt }: Item): Token {
  return { hash, keyId: String(keyId), kind: kind as Token['kind'], endsAt: Number(endsAt) };
}
