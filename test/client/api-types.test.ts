import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { digestOf } from '../../lib/client/digest.ts';

const root = new URL('../../', import.meta.url);

test('the types of the client are those of docs/openapi.json: `npm run openapi` makes them', async () => {
  const document = await readFile(new URL('docs/openapi.json', root), 'utf8');
  const [first] = (await readFile(new URL('lib/client/api-types.ts', root), 'utf8')).split('\n');
  expect(first).toBe(`// Of docs/openapi.json, SHA-256 ${digestOf(document)}`);
});
