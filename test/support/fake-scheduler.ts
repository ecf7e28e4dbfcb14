import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

/** A schedule as EventBridge Scheduler keeps it. */
export interface KeptSchedule {
  readonly GroupName: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone: string;
  readonly FlexibleTimeWindow: { readonly Mode: string };
  readonly ActionAfterCompletion: string;
  readonly State: string;
  readonly Target: {
    readonly Arn: string;
    readonly RoleArn: string;
    readonly Input: string;
    readonly RetryPolicy: { readonly MaximumRetryAttempts: number; readonly MaximumEventAgeInSeconds: number };
    readonly DeadLetterConfig: { readonly Arn: string };
  };
}

/**
 * EventBridge Scheduler's REST wire on the loopback, with its rules for names, expressions and limits: `POST`, `PUT` and `DELETE`
 * of `/schedules/{Name}`.
 */
export async function startFakeScheduler(group: string, now: () => number) {
  const kept = new Map<string, KeptSchedule>();
  const calls: string[] = [];
  const state = { throttles: 0 };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const name = decodeURIComponent(pathname.split('/')[2] ?? '');
    const text = await readText(request);
    const schedule = (text === '' ? {} : JSON.parse(text)) as KeptSchedule;
    calls.push(`${request.method} ${name}`);
    const answer = (status: number, body: object, type?: string) => {
      const headers = {
        'content-type': 'application/json',
        ...(type === undefined ? {} : { 'x-amzn-errortype': type }),
      };
      response.writeHead(status, headers).end(JSON.stringify(body));
    };
    const refuse = (status: number, type: string) => answer(status, { Message: type }, type);
    if (state.throttles > 0) {
      state.throttles -= 1;
      return refuse(429, 'ThrottlingException');
    }
    if ((schedule.GroupName ?? searchParams.get('groupName')) !== group)
      return refuse(404, 'ResourceNotFoundException');
    if (request.method !== 'DELETE' && !isValid(name, schedule, now())) return refuse(400, 'ValidationException');
    if (request.method === 'POST' && kept.has(name)) return refuse(409, 'ConflictException');
    if (request.method !== 'POST' && !kept.has(name)) return refuse(404, 'ResourceNotFoundException');
    if (request.method === 'DELETE') kept.delete(name);
    else kept.set(name, schedule);
    answer(200, request.method === 'DELETE' ? {} : { ScheduleArn: `arn:aws:scheduler:::schedule/${group}/${name}` });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    kept,
    calls,
    state,
    /** The instant a schedule of the name invokes its target at. */
    timeOf: (name: string): number => instantOf(kept.get(name)?.ScheduleExpression ?? ''),
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** `at()` has no zone of its own: the schedules of these tests say UTC. */
function instantOf(expression: string): number {
  const [, local] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression) ?? [];
  return local === undefined ? Number.NaN : Date.parse(`${local}Z`);
}

function isValid(name: string, schedule: KeptSchedule, now: number): boolean {
  const { ScheduleExpression, ScheduleExpressionTimezone, FlexibleTimeWindow, Target } = schedule;
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: age } = Target.RetryPolicy;
  return (
    /^[0-9a-zA-Z\-_.]{1,64}$/.test(name) &&
    instantOf(ScheduleExpression) >= now &&
    ScheduleExpressionTimezone === 'UTC' &&
    FlexibleTimeWindow.Mode === 'OFF' &&
    attempts >= 0 &&
    attempts <= 185 &&
    age >= 60 &&
    age <= 86_400 &&
    [Target.Arn, Target.RoleArn, Target.DeadLetterConfig.Arn].every((arn) => arn.startsWith('arn:aws:'))
  );
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
