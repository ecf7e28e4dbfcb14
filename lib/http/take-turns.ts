import type { Handler } from './message.ts';

/**
 * Lets so many calls of the handlers go on at once, all of them together; the others wait, first come, first served. A burst
 * takes as long as it takes, and who asks for something else meanwhile is not behind all of it.
 */
export function takeTurns(atOnce: number): (handler: Handler) => Handler {
  const waiting: (() => void)[] = [];
  let going = 0;

  return (handler) =>
    async (...given) => {
      if (going >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
      else going += 1;
      try {
        return await handler(...given);
      } finally {
        // Its turn goes to who waits longest, and to nobody who comes now.
        const next = waiting.shift();
        if (next === undefined) going -= 1;
        else next();
      }
    };
}
