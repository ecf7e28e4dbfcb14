import { expect, test } from 'vitest';
import { anonymous } from '../../lib/http/entry.ts';
import { json } from '../../lib/http/json.ts';
import type { Handler } from '../../lib/http/message.ts';
import { takeTurns } from '../../lib/http/take-turns.ts';
import { aRequest } from '../support/http.ts';

/** A handler whose calls end when they are told to, by their path. */
function createSlow() {
  const going: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const handler: Handler = ({ path }) => {
    going.push(path);
    return new Promise((resolve, reject) => {
      ends.set(path, (error) => {
        going.splice(going.indexOf(path), 1);
        if (error) reject(error);
        else resolve(json(200, { path }));
      });
    });
  };
  const end = async (path: string, error?: Error): Promise<void> => {
    ends.get(path)?.(error);
    await new Promise(setImmediate);
  };
  return { going, handler, end };
}

test('so many calls go on at once, of all handlers together, and the others come in their order', async () => {
  const { going, handler, end } = createSlow();
  const turn = takeTurns(2);
  const [first, second] = [turn(handler), turn(handler)];
  const answers = ['a', 'b', 'c', 'd', 'e'].map((path, i) =>
    (i % 2 ? first : second)(aRequest('POST', path), anonymous),
  );
  expect(going).toEqual(['a', 'b']);
  await end('b');
  expect(going).toEqual(['a', 'c']);
  await end('a');
  await end('c');
  expect(going).toEqual(['d', 'e']);
  await end('d');
  await end('e');
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});

test('a call that fails gives its turn back', async () => {
  const { going, handler, end } = createSlow();
  const limited = takeTurns(1)(handler);
  const failing = limited(aRequest('POST', 'a'), anonymous).catch((error) => error.message);
  const next = limited(aRequest('POST', 'b'), anonymous);
  await end('a', new Error('broken'));
  expect(await failing).toBe('broken');
  expect(going).toEqual(['b']);
  await end('b');
  expect((await next).status).toBe(200);
  limited(aRequest('POST', 'c'), anonymous);
  expect(going).toEqual(['c']);
});
