import childProcess from 'node:child_process';
import { appendFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * The embedded system as it is, in a process that kills itself. From the first id of a run on it counts its effects: writes to
 * the table, starts of jobs, events on the bus. `CRASH_AT="before table.update#7"` is where it dies; `CRASH_POINTS` is a file it
 * writes the names of all of them to.
 */
const { CRASH_AT, CRASH_POINTS } = process.env;
const counts = new Map<string, number>();
let isArmed = false;

function reach(kind: string): { readonly before: () => void; readonly after: () => void } {
  if (!isArmed) return { before() {}, after() {} };
  const n = (counts.get(kind) ?? 0) + 1;
  counts.set(kind, n);
  const name = `${kind}#${n}`;
  if (CRASH_POINTS !== undefined) appendFileSync(CRASH_POINTS, `${name}\n`);
  const dieIf = (when: string) => () => {
    if (CRASH_AT === `${when} ${name}`) process.kill(process.pid, 'SIGKILL');
  };
  return { before: dieIf('before'), after: dieIf('after') };
}

const writes: Readonly<Record<string, string>> = {
  PutItemCommand: 'table.put',
  UpdateItemCommand: 'table.update',
  DeleteItemCommand: 'table.delete',
};
const { send } = DynamoDBClient.prototype;
DynamoDBClient.prototype.send = async function (this: DynamoDBClient, ...given: unknown[]) {
  const command = given[0] as { readonly input: { readonly Key?: { readonly sk?: { readonly S?: string } } } };
  const kind = writes[command.constructor.name];
  if (kind === undefined) return Reflect.apply(send, this, given);
  isArmed ||= command.input.Key?.sk?.S === 'runs';
  const point = reach(kind);
  point.before();
  const answer = await Reflect.apply(send, this, given);
  point.after();
  return answer;
} as typeof send;

const { spawn } = childProcess;
childProcess.spawn = ((...given: unknown[]) => {
  const point = reach('executor.spawn');
  point.before();
  const child = Reflect.apply(spawn, childProcess, given);
  point.after();
  return child;
}) as typeof spawn;

const { appendFile } = promises;
promises.appendFile = (async (...given: unknown[]) => {
  const point = reach('bus.append');
  point.before();
  await Reflect.apply(appendFile, promises, given);
  point.after();
}) as typeof appendFile;
syncBuiltinESMExports();

await import('../../bin/proctor.ts');
