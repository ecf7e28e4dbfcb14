import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

type Command = Parameters<DynamoDBClient['send']>[0];
type Send = (command: Command) => Promise<unknown>;

/** Calls made ahead for each millisecond of a replay: more than any store here takes. */
const aheadPerMs = 4;

/**
 * Sends recorded commands again, in their order and as fast as the store takes them: nothing but the SDK and the store. Items of
 * runs get keys of their own each time, so that the same conditions hold and the same writes are written.
 */
export function createReplay(recorded: readonly object[], send: Send) {
  let round = 0;
  return async (callers: number, ms: number): Promise<{ calls: number; ms: number }> => {
    const stacks = Array.from({ length: callers }, () => {
      const stack: Command[] = [];
      while (stack.length < (ms * aheadPerMs) / callers) stack.push(...again(recorded as Command[], `~${round++}`));
      return stack;
    });
    let calls = 0;
    const startedAt = performance.now();
    const work = async (stack: readonly Command[]): Promise<void> => {
      for (const command of stack) {
        if (performance.now() - startedAt >= ms) return;
        await send(command).catch(refused);
        calls += 1;
      }
    };
    await Promise.all(stacks.map(work));
    return { calls, ms: performance.now() - startedAt };
  };
}

function again(commands: readonly Command[], suffix: string): Command[] {
  return commands.map((command) => {
    const Same = command.constructor as new (input: unknown) => Command;
    return new Same(renamed(command.input, suffix));
  });
}

function renamed(value: unknown, suffix: string, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => renamed(one, suffix));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const { S } = value as { readonly S?: string };
  if ((name === 'pk' || name === ':pk') && /^(RUN|RESULTS)#/.test(S ?? '')) return { S: `${S}${suffix}` };
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, renamed(member, suffix, key)]));
}

/** What was refused when it was recorded is refused again. */
function refused(error: Error): void {
  if (error.name !== 'ConditionalCheckFailedException') throw error;
}
