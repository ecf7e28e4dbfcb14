import { setImmediate as tick } from 'node:timers/promises';
import { drawBadge } from '../../../lib/adapters/draw-badge.ts';
import { createEgress } from '../../../lib/adapters/egress.ts';
import { readJUnit } from '../../../lib/adapters/junit/read-junit.ts';
import { writeJUnit } from '../../../lib/adapters/junit/write-junit.ts';
import { verifyWebhook } from '../../../lib/adapters/webhook-signature.ts';
import { createApiKey } from '../../../lib/core/api-key.ts';
import { createCallbackToken } from '../../../lib/core/callback-token.ts';
import type { DeliveryAnswer } from '../../../lib/core/delivery.ts';
import type { Executor } from '../../../lib/core/executor.ts';
import type { BusEvent, LogEntry, PostWebhook, Services } from '../../../lib/core/ports.ts';
import { createGetBadge } from '../../../lib/http/badge.ts';
import { createLook } from '../../../lib/http/callbacks/look.ts';
import { createAddProgress, createAddResults } from '../../../lib/http/callbacks/results.ts';
import { createEntry } from '../../../lib/http/entry.ts';
import { createReceiveHook } from '../../../lib/http/hooks/receive.ts';
import { type Scope, scopes } from '../../../lib/http/message.ts';
import { createApplyPlan, createUpdatePlan } from '../../../lib/http/native/apply-plan.ts';
import { createGetOutput, createListAttempts } from '../../../lib/http/native/attempts.ts';
import { createListCases } from '../../../lib/http/native/cases.ts';
import * as configs from '../../../lib/http/native/configs.ts';
import * as deliveries from '../../../lib/http/native/deliveries.ts';
import { createGetOpenapi, createGetPlanSchema } from '../../../lib/http/native/documents.ts';
import * as environments from '../../../lib/http/native/environments.ts';
import { createExplainRun } from '../../../lib/http/native/explain.ts';
import { createGetCaseHistory, createGetHistory } from '../../../lib/http/native/history.ts';
import * as hooks from '../../../lib/http/native/hooks.ts';
import { createGetJunit } from '../../../lib/http/native/junit.ts';
import * as keys from '../../../lib/http/native/keys.ts';
import { createListOverrides, createOverrideRun } from '../../../lib/http/native/overrides.ts';
import { createDeletePlan, createGetPlan, createListPlans } from '../../../lib/http/native/plans.ts';
import { createGetProject, createListProjects, createUpdateProject } from '../../../lib/http/native/projects.ts';
import { createPutEvent } from '../../../lib/http/native/put-event.ts';
import { createGetReportCsv, createGetReportHtml } from '../../../lib/http/native/reports.ts';
import { createRerunRun } from '../../../lib/http/native/rerun-run.ts';
import { createGetRun, createListRuns } from '../../../lib/http/native/runs.ts';
import { createPreviewSchedule, createPreviewTiming } from '../../../lib/http/native/schedule-preview.ts';
import * as schedules from '../../../lib/http/native/schedules.ts';
import { createStopRun } from '../../../lib/http/native/stop-run.ts';
import { createTestNotify } from '../../../lib/http/native/test-notify.ts';
import { createTriggerRun } from '../../../lib/http/native/trigger-run.ts';
import { createUploadResults } from '../../../lib/http/native/upload-results.ts';
import type { Handlers } from '../../../lib/http/routes.ts';
import { completeRun } from '../../../lib/workflow/complete-run.ts';
import { renderNative } from '../../../lib/workflow/render-delivery.ts';
import { sendNow } from '../../../lib/workflow/send-due.ts';
import { stepRun } from '../../../lib/workflow/step-run.ts';
import { createFakeSecrets } from '../../support/fake-secrets.ts';
import { aRequest, seededBytes } from '../../support/http.ts';
import { openTestTable } from '../../support/table.ts';

export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the answer holds
  readonly body: any;
}

export type Api = Awaited<ReturnType<typeof openApi>>;

const masterKeys = [{ epoch: 1, key: new Uint8Array(32).fill(7) }];

/** The native and the callback API on a table in memory. Runs move only when a test steps them. */
export async function openApi() {
  const { stores, table, close } = await openTestTable();
  const clock = { now: Date.UTC(2027, 0, 4, 9) };
  const published: BusEvent[] = [];
  const logs: LogEntry[] = [];
  const outputs = new Map<string, string>();
  const reads: string[] = [];
  const executor: Executor = {
    capabilities: () => ({ selects: 'cases', callsBack: true, polls: false, stops: true }),
    start: async ({ key }) => ({
      ref: key,
      executing: { grain: 'everything', description: 'everything' },
      link: 'https://ci.example/job',
    }),
    poll: async () => ({ state: 'running', cases: [] }),
    stop: async () => 'gone',
  };
  const posted: Parameters<PostWebhook>[0][] = [];
  const receiver: { answer: DeliveryAnswer } = { answer: { status: 204 } };
  const post: PostWebhook = async (message) => {
    posted.push(message);
    return receiver.answer;
  };
  const services: Services = {
    ...stores,
    runs: {
      ...stores.runs,
      getRun(runId) {
        reads.push(`run ${runId}`);
        return stores.runs.getRun(runId);
      },
    },
    scheduler: { arm: async () => {}, disarm: async () => {} },
    workflow: { start: async () => 'open', wake: async () => {} },
    sender: {
      notice() {},
      async send(ids) {
        await sendNow(services, post, ids);
      },
    },
    bus: {
      async publish(events) {
        published.push(...events);
      },
    },
    renderDelivery: (_kind, run) => renderNative(services, run),
    executors: () => executor,
    now: () => clock.now,
    random: seededBytes('api'),
    publicUrl: 'https://proctor.example',
    masterKeys: async () => masterKeys,
    secrets: createFakeSecrets(),
    log: (entry) => logs.push(entry),
  };
  const { checkUrl } = createEgress({ allowHttp: false, allowPrivate: [], ports: [] });
  const readOutput = async (runId: number, attempt: number) => {
    const text = outputs.get(`${runId}.${attempt}`);
    return text === undefined ? undefined : chunks(text);
  };
  const step = async (runId: number): Promise<void> => {
    if ((await stepRun(services, runId)).next === 'complete') await completeRun(services, runId);
  };
  const sleeps: number[] = [];
  const onSleep: { act: () => Promise<unknown> } = { act: () => tick() };
  const sleep = (ms: number) => {
    sleeps.push(ms);
    return onSleep.act();
  };
  const handlers: Partial<Handlers> = {
    'native.listPlans': createListPlans(services),
    'native.applyPlan': createApplyPlan(services, checkUrl),
    'native.getPlan': createGetPlan(services),
    'native.updatePlan': createUpdatePlan(services, checkUrl),
    'native.deletePlan': createDeletePlan(services),
    'native.triggerRun': createTriggerRun(services, checkUrl),
    'native.getHistory': createGetHistory(services),
    'native.getCaseHistory': createGetCaseHistory(services),
    'native.listRuns': createListRuns(services),
    'native.getRun': createGetRun(services),
    'native.explainRun': createExplainRun(services),
    'native.listCases': createListCases(services),
    'native.listAttempts': createListAttempts(services),
    'native.getOutput': createGetOutput(services, readOutput),
    'native.getJunit': createGetJunit(services, writeJUnit),
    'native.getReportCsv': createGetReportCsv(services),
    'native.getReportHtml': createGetReportHtml(services),
    'native.overrideRun': createOverrideRun(services),
    'native.listOverrides': createListOverrides(services),
    'native.stopRun': createStopRun(services, sleep),
    'native.rerunRun': createRerunRun(services),
    'native.listConfigs': configs.createListConfigs(services),
    'native.createConfig': configs.createCreateConfig(services),
    'native.getConfig': configs.createGetConfig(services),
    'native.updateConfig': configs.createUpdateConfig(services),
    'native.deleteConfig': configs.createDeleteConfig(services),
    'native.uploadResults': createUploadResults(services, readJUnit),
    'native.listDeliveries': deliveries.createListDeliveries(services),
    'native.getDelivery': deliveries.createGetDelivery(services),
    'native.replayDelivery': deliveries.createReplayDelivery(services),
    'native.testNotify': createTestNotify(services),
    'native.putEvent': createPutEvent(async ({ id = 'event' }) => ({ id })),
    'native.getCallbackSecrets': deliveries.createGetCallbackSecrets(services),
    'native.listHooks': hooks.createListHooks(services),
    'native.createHook': hooks.createCreateHook(services),
    'native.getHook': hooks.createGetHook(services),
    'native.updateHook': hooks.createUpdateHook(services),
    'native.deleteHook': hooks.createDeleteHook(services),
    'native.rotateHook': hooks.createRotateHook(services),
    'native.listHookCalls': hooks.createListHookCalls(services),
    'hooks.receive': createReceiveHook(services, verifyWebhook),
    'native.listEnvironments': environments.createListEnvironments(services),
    'native.createEnvironment': environments.createCreateEnvironment(services),
    'native.getEnvironment': environments.createGetEnvironment(services),
    'native.updateEnvironment': environments.createUpdateEnvironment(services),
    'native.deleteEnvironment': environments.createDeleteEnvironment(services),
    'native.listSchedules': schedules.createListSchedules(services),
    'native.createSchedule': schedules.createCreateSchedule(services),
    'native.previewTiming': createPreviewTiming(services),
    'native.getSchedule': schedules.createGetSchedule(services),
    'native.updateSchedule': schedules.createUpdateSchedule(services),
    'native.deleteSchedule': schedules.createDeleteSchedule(services),
    'native.pauseSchedule': schedules.createPauseSchedule(services),
    'native.resumeSchedule': schedules.createResumeSchedule(services),
    'native.listOccurrences': schedules.createListOccurrences(services),
    'native.previewSchedule': createPreviewSchedule(services),
    'native.listProjects': createListProjects(services),
    'native.getProject': createGetProject(services),
    'native.updateProject': createUpdateProject(services),
    'native.listKeys': keys.createListKeys(services),
    'native.getOwnKey': keys.createGetOwnKey(services),
    'native.createKey': keys.createCreateKey(services),
    'native.revokeKey': keys.createRevokeKey(services),
    'native.rotateKey': keys.createRotateKey(services),
    'native.getOpenapi': createGetOpenapi(),
    'native.getPlanSchema': createGetPlanSchema(),
    'callbacks.addResults': createAddResults(services, readJUnit),
    'callbacks.addProgress': createAddProgress(services, readJUnit),
    'callbacks.look': createLook(services),
    'system.getBadge': createGetBadge(services, drawBadge),
  };
  const entry = createEntry({ keys: stores.keys, now: services.now, handlers, log: services.log });
  let made = 0;
  const addKey = async (
    change: { scopes?: readonly Scope[]; projects?: readonly string[]; planIds?: readonly number[] } = {},
  ): Promise<string> => {
    made += 1;
    const { key, token } = createApiKey({
      random: services.random,
      name: `key ${made}`,
      ownerId: made,
      scopes: change.scopes ?? scopes,
      projects: change.projects ?? null,
      planIds: change.planIds ?? null,
      now: clock.now,
    });
    await stores.keys.putKey(key);
    return token;
  };
  const admin = await addKey();
  const call = async (method: string, target: string, { body, headers = {}, token = admin }: Sent = {}) => {
    const [path = '', query = ''] = target.split('?');
    const bytes =
      body === undefined
        ? new Uint8Array()
        : body instanceof Uint8Array
          ? body
          : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const answer = await entry(
      aRequest(method, path, {
        query: new URLSearchParams(query),
        headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers },
        body: bytes,
      }),
    );
    const text = typeof answer.body === 'string' ? answer.body : Buffer.from(answer.body).toString();
    const isJson = /json/.test(answer.headers['content-type'] ?? '');
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    } as Answer;
  };
  return {
    services,
    stores,
    table,
    clock,
    published,
    post,
    posted,
    receiver,
    logs,
    outputs,
    reads,
    sleeps,
    onSleep,
    executor,
    addKey,
    call,
    step,
    close,
    callbackToken: (runId: number, attempt = 1, expiresAt = clock.now + 3_600_000) =>
      createCallbackToken({ masterKeys, runId, attempt, expiresAt }),
    /** A plan of its own name and its first run, dispatched. */
    async startRun(
      plan: Record<string, unknown> = {},
      trigger: object = {},
    ): Promise<{ planId: number; runId: number }> {
      const created = await call('POST', '/v1/plans', { body: aPlan(plan) });
      if (created.status !== 201) throw new Error(created.text);
      const planId = created.body.id as number;
      const runId = (await call('POST', `/v1/plans/${planId}/runs`, { body: trigger })).body.id as number;
      await step(runId);
      return { planId, runId };
    },
  };
}

let plans = 0;

export function aPlan(change: Record<string, unknown> = {}): Record<string, unknown> {
  plans += 1;
  return {
    name: `plan ${plans}`,
    project: 'shop',
    executor: { type: 'http', url: 'https://runner.example/start' },
    suites: [{ name: 'Cart', cases: [{ name: 'adds' }, { name: 'removes' }] }],
    ...change,
  };
}

export const passedCases = [
  { suite: 'Cart', name: 'adds', result: 'passed', durationMs: 5 },
  { suite: 'Cart', name: 'removes', result: 'passed', durationMs: 7 },
];

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
