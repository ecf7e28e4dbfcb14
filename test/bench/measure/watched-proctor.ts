import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createReplay } from './replay.ts';

/**
 * The embedded system as it is, in a process that counts its calls of the table and tells them on `WATCH_PORT`, with its
 * memory, and how fast the same calls go by themselves. Being watched costs it a counter a call.
 */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const { send } = DynamoDBClient.prototype;
let calls = 0;
let client: DynamoDBClient | undefined;
let recorded: object[] = [];
let isRecording = false;

DynamoDBClient.prototype.send = function (this: DynamoDBClient, ...given: unknown[]) {
  calls += 1;
  client = this;
  if (isRecording) recorded.push(given[0] as object);
  return Reflect.apply(send, this, given);
} as typeof send;

const answers: Readonly<Record<string, (query: URLSearchParams) => object | Promise<object>>> = {
  '/now': () => ({ calls, ...process.memoryUsage(), cpu: process.cpuUsage() }),
  '/live': () => {
    collectGarbage();
    return { calls, ...process.memoryUsage(), cpu: process.cpuUsage() };
  },
  '/record': () => {
    recorded = [];
    isRecording = true;
    return {};
  },
  '/replay': (query) => {
    isRecording = false;
    const replay = createReplay(recorded, (command) => Reflect.apply(send, client, [command]));
    return replay(Number(query.get('callers')), Number(query.get('ms')));
  },
};

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  try {
    response.end(JSON.stringify(await answers[pathname]?.(searchParams)));
  } catch (error) {
    response.writeHead(500).end(String((error as Error).stack));
  }
})
  .listen(Number(process.env.WATCH_PORT), '127.0.0.1')
  .unref();

await import('../../../bin/proctor.ts');
