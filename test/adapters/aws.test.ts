import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGatewayEvent } from '../../lib/adapters/api-gateway.ts';
import { createEventBridgeBus } from '../../lib/adapters/event-bridge.ts';
import { createForward } from '../../lib/adapters/forward.ts';
import { parseMasterKeys } from '../../lib/adapters/secrets.ts';
import { createStepFunctionsWorkflow } from '../../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../../lib/aws.ts';
import type { BusEvent } from '../../lib/core/ports.ts';
import { createFirstKey } from '../../lib/workflow/first-key.ts';
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
    await workflowThat(() => named(name)).workflow.wake(aRun(7, { taskToken: 't' }), 'look');
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
