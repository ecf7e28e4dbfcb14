import type { ServerResponse } from 'node:http';
import { createEgress } from '../../lib/adapters/egress.ts';
import { createHttpExecutor } from '../../lib/executors/http.ts';
import type { Breakage, ExecutorHarness, ExecutorTraits, Setup } from './contract/harness.ts';
import { makeDispatch } from './dispatch.ts';
import { type Received, startHttpRunner } from './http-runner.ts';

export const httpTraits: ExecutorTraits = {
  breaks: ['down', 'throttled', 'refuse', 'refuseStop', 'stopLate', 'garbage', 'oversized', 'lostAnswer', 'silent'],
  polls: true,
  stops: true,
  callsBack: true,
  startsAtomically: true,
  tellsProgress: true,
  cannotTell: [],
  takes: ['variables', 'selection', 'deadline'],
  waitSeconds: 7,
  secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
};

/** The http executor before a runner as a user would write one. */
export const setupHttp: Setup = async (now): Promise<ExecutorHarness> => {
  const runner = await startHttpRunner();
  const egress = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' });
  let timeoutMs = 15_000;
  const create = () =>
    createHttpExecutor({
      egress: { ...egress, send: (request) => egress.send({ ...request, timeoutMs }) },
      secrets: { get: async () => httpTraits.secret },
      now,
      newId: () => 'fresh',
    });
  const settings = {
    type: 'http',
    url: `${runner.origin}/start`,
    statusUrl: `${runner.origin}/status`,
    stopUrl: `${runner.origin}/stop`,
    secret: 'env:RUNNER_SECRET',
    selects: 'cases',
  };
  /** Everything is answered like that; what was sent comes back in it. */
  const answerAll = (status: number, headers = {}) => {
    runner.answer = ({ body }, response) => response.writeHead(status, headers).end(body);
  };
  const answerOwn = (message: Received, response: ServerResponse) => {
    const { status, body } = runner.serve(message);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const answerStops = (status: number, body: unknown) => {
    runner.answer = (message, response) => {
      if (message.url !== '/stop') return answerOwn(message, response);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
  };
  const breakages: Record<Breakage, () => void> = {
    down: () => answerAll(503),
    throttled: () => answerAll(429, { 'retry-after': String(httpTraits.waitSeconds) }),
    refuse: () => answerAll(422),
    refuseStop: () => answerStops(403, {}),
    stopLate: () => answerStops(202, { state: 'stopping' }),
    garbage: () => {
      runner.answer = (_received, response) => response.end('<html>It works!</html>');
    },
    oversized: () => {
      runner.answer = (_received, response) => answerWithoutEnd(response);
    },
    lostAnswer: () => {
      runner.answer = (message, response) => {
        runner.serve(message);
        response.destroy();
      };
    },
    silent: () => {
      timeoutMs = 200;
      runner.answer = () => {};
    },
  };
  return {
    executor: create(),
    another: create,
    dispatch: (overrides) => makeDispatch(settings, overrides),
    jobsStarted: () => runner.jobs.size,
    received({ key }) {
      const json = runner.received.find((message) => message.json.key === key)?.json ?? {};
      const selection = json.selection as readonly { name: string }[] | null;
      return {
        variables: json.variables as Record<string, string>,
        selection: selection?.map(({ name }) => name) ?? null,
        deadline: { at: Date.parse(String(json.deadlineAt)) },
      };
    },
    progress({ key }, cases) {
      runner.jobs.set(key, { ended: false, cases });
    },
    endJob({ key }, cases) {
      runner.jobs.set(key, { ended: true, cases });
    },
    endWithoutResults({ key }) {
      runner.jobs.set(key, { ended: true, cases: [] });
    },
    endAtOnce(cases) {
      runner.newJob = { ended: true, cases };
    },
    breakDown: (how) => breakages[how](),
    recover() {
      runner.answer = undefined;
      timeoutMs = 15_000;
    },
    close: runner.close,
  };
};

/** JSON that goes on until nobody reads it any more. */
function answerWithoutEnd(response: ServerResponse): void {
  const chunk = 'x'.repeat(256 * 1024);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.writeHead(200, { 'content-type': 'application/json' }).on('drain', write);
  response.write('{"state":"ended","cases":[],"fill":"');
  write();
}
