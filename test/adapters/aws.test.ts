import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGatewayEvent } from '../../lib/adapters/api-gateway.ts';
import { createEventBridgeBus } from '../../lib/adapters/event-bridge.ts';
import { createForward } from '../../lib/adapters/forward.ts';
import { createMasterKeys } from '../../lib/adapters/master-keys.ts';
import { parseMasterKeys } from '../../lib/adapters/secrets.ts';
import { createStepFunctionsWorkflow } from '../../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../../lib/aws.ts';
import { createCallbackToken, verifyCallbackToken } from '../../lib/core/callback-token.ts';
import type { BusEvent } from '../../lib/core/ports.ts';
import { tokenOver } from '../../lib/core/run.ts';
import { createFirstKey } from '../../lib/workflow/first-key.ts';
import { withMasterKeys } from '../../lib/workflow/with-master-keys.ts';
import { aRun } from '../support/runs.ts';
import { openWireTable } from '../support/table.ts';

/** A client that keeps what it is sent and answers, or fails, as told. */
function createClient(answer: (input: Record<string, unknown>) => unknown) {
  const sent: Record<string, unknown>[] = [];
  const send = async ({ input }: { input: Record<string, unknown> }) => {
    sent.push(input);
    const given = answer(input);
    if (given instanceof Error) throw given;
    return given ?? {};
  };
  return { sent, client: { send } };
}

const forgedToken = `cbt1.7.1.172800.${'A'.repeat(43)}`;
const named = (name: string): Error => Object.assign(new Error(name), { name });

describe('the workflow on Step Functions', () => {
  const workflowThat = (answer: (input: Record<string, unknown>) => unknown) => {
    const { sent, client } = createClient(answer);
    return { sent, workflow: createStepFunctionsWorkflow(client as unknown as SFNClient, 'arn') };
  };

  it('starts an execution that is named after run and number', async () => {
    const { sent, workflow } = workflowThat(() => ({}));
    expect(await workflow.start(7, 2)).toBe('open');
    expect(sent).toEqual([{ stateMachineArn: 'arn', name: 'run-7-2', input: '{"runId":7}' }]);
  });

  it('tells that the execution has ended already', async () => {
    expect(await workflowThat(() => named('ExecutionAlreadyExists')).workflow.start(7, 1)).toBe('closed');
  });

  it('passes other trouble on', async () => {
    await expect(workflowThat(() => named('ThrottlingException')).workflow.start(7, 1)).rejects.toThrow('Throttling');
  });

  it('wakes nobody who does not wait', async () => {
    const { sent, workflow } = workflowThat(() => ({}));
    await workflow.wake(aRun(7), 'look');
    expect(sent).toEqual([]);
  });

  it('asks AWS about no token that is known to be over', async () => {
    const { sent, workflow } = workflowThat(() => named('AccessDeniedException'));
    expect(await workflow.wake(aRun(7, { taskToken: tokenOver }), 'look')).toBe('over');
    expect(sent).toEqual([]);
  });

  it.each([
    ['rerun', { taskToken: 't', error: 'Rerun' }],
    ['look', { taskToken: 't', error: 'Look' }],
    ['complete', { taskToken: 't', output: '{}' }],
  ] as const)('wakes with %s', async (why, expected) => {
    const { sent, workflow } = workflowThat(() => ({}));
    await workflow.wake(aRun(7, { taskToken: 't' }), why);
    expect(sent).toEqual([expected]);
  });

  it.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])('takes %s for a task that is over', async (name) => {
    expect(await workflowThat(() => named(name)).workflow.wake(aRun(7, { taskToken: 't' }), 'look')).toBe('over');
  });
});

describe('the bus on EventBridge', () => {
  const event = (n: number): BusEvent => ({ id: `evt_${n}_2`, detailType: 'Run Completed', time: 0, detail: { n } });
  const events = Array.from({ length: 12 }, (_, n) => event(n));

  it('sends ten events a call at most', async () => {
    const { sent, client } = createClient(() => ({ FailedEntryCount: 0, Entries: [{ EventId: 'x' }] }));
    await createEventBridgeBus(client as unknown as EventBridgeClient, 'proctor').publish(events);
    expect(sent.map(({ Entries }) => (Entries as unknown[]).length)).toEqual([10, 2]);
    expect(sent.flatMap(({ Entries }) => Entries)[0]).toEqual({
      EventBusName: 'proctor',
      Source: 'proctor',
      DetailType: 'Run Completed',
      Time: new Date(0),
      Detail: '{"n":0}',
    });
  });

  it('fails when one of the events was not accepted', async () => {
    const { client } = createClient(() => ({ FailedEntryCount: 1, Entries: [{}, { ErrorCode: 'InternalFailure' }] }));
    const bus = createEventBridgeBus(client as unknown as EventBridgeClient, 'proctor');
    await expect(bus.publish(events.slice(0, 2))).rejects.toThrow('InternalFailure');
  });
});

describe('master keys', () => {
  it('come newest first', () => {
    const key = 'k'.repeat(64);
    const epochs = parseMasterKeys(JSON.stringify([1, 3, 2].map((epoch) => ({ epoch, key })))).map(
      ({ epoch }) => epoch,
    );
    expect(epochs).toEqual([3, 2, 1]);
  });

  it.each(['not json canary', '{"epoch":1}', '{"epoch":1,"key":"canary"}', 'null'])(
    'never show in the error about %s',
    (text) => {
      const read = () => parseMasterKeys(text);
      expect(read).toThrow();
      expect(read).not.toThrow(/canary/);
    },
  );
});

describe('master keys that are kept', () => {
  const hour = 3_600_000;
  /** A secret that can be changed, a clock, and how often it was read. */
  const openSecret = () => {
    const secret = { epochs: [1], now: 0, reads: 0, fails: false };
    const read = async () => {
      secret.reads += 1;
      if (secret.fails) throw named('ThrottlingException');
      return JSON.stringify(secret.epochs.map((epoch) => ({ epoch, key: `${epoch}`.repeat(64) })));
    };
    const masterKeys = createMasterKeys(read, () => secret.now);
    const epochs = async (fresh?: 'fresh') => (await masterKeys(fresh)).map(({ epoch }) => epoch);
    const tokenOf = async () =>
      createCallbackToken({ masterKeys: await masterKeys(), runId: 7, attempt: 1, expiresAt: 48 * hour });
    const verify = (token: string) =>
      withMasterKeys({ masterKeys }, (keys) => verifyCallbackToken({ masterKeys: keys, token, now: secret.now }));
    return { secret, epochs, tokenOf, verify };
  };

  it('are read once for the signs of life of a run', async () => {
    const { secret, tokenOf, verify } = openSecret();
    const token = await tokenOf();
    for (; secret.now < 5 * hour; secret.now += hour / 6) expect(await verify(token)).toEqual({ runId: 7, attempt: 1 });
    expect(secret.reads).toBe(1);
  });

  it('verify what another process made with a key that came since, at once', async () => {
    const [here, there] = [openSecret(), openSecret()];
    await here.epochs();
    here.secret.now = 60_000;
    here.secret.epochs = [2, 1];
    there.secret.epochs = [2, 1];
    expect(await here.verify(await there.tokenOf())).toEqual({ runId: 7, attempt: 1 });
    expect(here.secret.reads).toBe(2);
  });

  it('verify nothing within six hours of a key that was taken out', async () => {
    const { secret, tokenOf, verify } = openSecret();
    const token = await tokenOf();
    secret.epochs = [2];
    secret.now = 6 * hour;
    expect(await verify(token)).toBeUndefined();
  });

  it('are read once in ten seconds, however much is forged, and again by who has none', async () => {
    const { secret, epochs, verify } = openSecret();
    await epochs();
    for (secret.now = 10_000; secret.now < 20_000; secret.now += 100) expect(await verify(forgedToken)).toBeUndefined();
    expect(secret.reads).toBe(2);
    secret.fails = true;
    for (; secret.now < 30_000; secret.now += 100) await expect(verify(forgedToken)).rejects.toThrow('Throttling');
    expect(secret.reads).toBe(3);
    expect(await epochs()).toEqual([1]);
    secret.now = 7 * hour;
    await expect(epochs()).rejects.toThrow('Throttling');
    secret.fails = false;
    expect(await epochs()).toEqual([1]);
  });

  it('are read again when the clock was set back: nobody knows how old they are', async () => {
    const { secret, epochs } = openSecret();
    secret.now = 2 * hour;
    await epochs();
    secret.now = hour;
    secret.epochs = [2, 1];
    expect([await epochs('fresh'), await epochs()]).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  it('are those of the newer of two reads, whichever took longer', async () => {
    const answers: ((text: string) => void)[] = [];
    let now = 0;
    const masterKeys = createMasterKeys(
      () => new Promise<string>((resolve) => answers.push(resolve)),
      () => now,
    );
    const answer = (nth: number, ...epochs: number[]) =>
      answers[nth]?.(JSON.stringify(epochs.map((epoch) => ({ epoch, key: `${epoch}`.repeat(64) }))));
    const slow = masterKeys();
    now = 11_000;
    const quick = masterKeys('fresh');
    answer(1, 2, 1);
    await quick;
    answer(0, 1);
    await slow;
    expect((await masterKeys()).map(({ epoch }) => epoch)).toEqual([2, 1]);
  });

  it('are those of a rotation where something lasting is made', async () => {
    const { secret, epochs } = openSecret();
    await epochs();
    secret.epochs = [2, 1];
    secret.now = 60_000;
    expect([await epochs(), await epochs('fresh'), await epochs()]).toEqual([[1], [2, 1], [2, 1]]);
  });
});

describe('the system on AWS', () => {
  it('does not know the command executor without a CodeBuild project, and says what to do', () => {
    const { services } = createAwsSystem({ AWS_REGION: 'eu-central-1' });
    expect(() => services.executors('command')).toThrow(/needs a CodeBuild project.*context `codebuild`.*"http"/);
  });
});

describe('the function behind $default', () => {
  const calls: [string, string][] = [];
  const forward = createForward({
    invoke: async (name, payload) => {
      calls.push([name, (JSON.parse(payload) as ApiGatewayEvent).rawPath]);
      return '{"statusCode":200,"headers":{},"body":"","isBase64Encoded":false}';
    },
    refuse: async () => ({ statusCode: 404, headers: {}, body: '', isBase64Encoded: false }),
  });
  const event = (method: string, rawPath: string, stage = '$default'): ApiGatewayEvent => ({
    rawPath,
    rawQueryString: '',
    isBase64Encoded: false,
    requestContext: { domainName: 'x', requestId: '1', stage, http: { method, sourceIp: '1.2.3.4' } },
  });

  it('hands another spelling of a path to the function of its route', async () => {
    expect((await forward(event('GET', '//v1/runs/7/'))).statusCode).toBe(200);
    expect((await forward(event('POST', '/live/v1/plans/7/runs/', 'live'))).statusCode).toBe(200);
    expect(calls).toEqual([
      ['read-runs', '/v1/runs/7'],
      ['trigger', '/live/v1/plans/7/runs'],
    ]);
  });

  it('refuses what fits no route', async () => {
    expect((await forward(event('GET', '/v1/nothing'))).statusCode).toBe(404);
    expect((await forward(event('DELETE', '/v1/runs'))).statusCode).toBe(404);
  });
});

describe('the first key', () => {
  let table: Awaited<ReturnType<typeof openWireTable>>;
  beforeAll(async () => {
    table = await openWireTable();
  });
  afterAll(() => table.close());

  it('is made once, however many ask at the same time', async () => {
    const { randomBytes } = await import('node:crypto');
    const services = { ...table.stores, random: randomBytes, now: () => 1_000_000 } as never;
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => createFirstKey(services, ['KEY_ADMIN'])));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await table.stores.keys.listKeys()).toHaveLength(1);
    const later = { ...table.stores, random: randomBytes, now: () => 9_000_000 } as never;
    await expect(createFirstKey(later, ['KEY_ADMIN'])).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });
});
