import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { appendFileSync, createReadStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBuilds } from './adapters/codebuild.ts';
import { drawBadge } from './adapters/draw-badge.ts';
import { createStores } from './adapters/dynamodb/client.ts';
import { createEgress, type Egress } from './adapters/egress.ts';
import { createEmbeddedSecrets } from './adapters/embedded-secrets.ts';
import { type EmbeddedTable, openEmbeddedTable } from './adapters/embedded-table.ts';
import { keepEventPlans } from './adapters/event-plans.ts';
import { readJUnit } from './adapters/junit/read-junit.ts';
import { writeJUnit } from './adapters/junit/write-junit.ts';
import { createLocalBus, type LocalBus, type LocalEvent } from './adapters/local-bus.ts';
import { createLocalScheduler } from './adapters/local-scheduler.ts';
import { createLocalSender } from './adapters/local-sender.ts';
import { createLocalWorkflow } from './adapters/local-workflow.ts';
import { createLog } from './adapters/log.ts';
import { createNodeServer } from './adapters/node-server.ts';
import { readPage } from './adapters/page-files.ts';
import { createPostWebhook } from './adapters/webhook-post.ts';
import { verifyWebhook } from './adapters/webhook-signature.ts';
import { createApiKey } from './core/api-key.ts';
import { isServiceError, ServiceError } from './core/errors.ts';
import type { MasterKey, Services } from './core/ports.ts';
import { attemptDirectory, attemptFiles } from './executors/command/attempt-files.ts';
import { createCommandExecutor } from './executors/command/command-executor.ts';
import { createRemoteExecutors } from './executors/remote-executors.ts';
import { createGetBadge } from './http/badge.ts';
import { createLook } from './http/callbacks/look.ts';
import { createAddProgress, createAddResults } from './http/callbacks/results.ts';
import { createEntry } from './http/entry.ts';
import { createReceiveHook } from './http/hooks/receive.ts';
import { json } from './http/json.ts';
import { type Handler, scopes } from './http/message.ts';
import { createApplyPlan, createUpdatePlan } from './http/native/apply-plan.ts';
import { createGetOutput, createListAttempts } from './http/native/attempts.ts';
import { createListCases } from './http/native/cases.ts';
import {
  createCreateConfig,
  createDeleteConfig,
  createGetConfig,
  createListConfigs,
  createUpdateConfig,
} from './http/native/configs.ts';
import {
  createGetCallbackSecrets,
  createGetDelivery,
  createListDeliveries,
  createReplayDelivery,
} from './http/native/deliveries.ts';
import { createGetOpenapi, createGetPlanSchema } from './http/native/documents.ts';
import {
  createCreateEnvironment,
  createDeleteEnvironment,
  createGetEnvironment,
  createListEnvironments,
  createUpdateEnvironment,
} from './http/native/environments.ts';
import { createExplainRun } from './http/native/explain.ts';
import { createGetCaseHistory, createGetHistory } from './http/native/history.ts';
import * as hooks from './http/native/hooks.ts';
import { createGetJunit } from './http/native/junit.ts';
import {
  createCreateKey,
  createGetOwnKey,
  createListKeys,
  createRevokeKey,
  createRotateKey,
} from './http/native/keys.ts';
import { createListOverrides, createOverrideRun } from './http/native/overrides.ts';
import { createDeletePlan, createGetPlan, createListPlans } from './http/native/plans.ts';
import {
  createGetProject as createGetNativeProject,
  createListProjects as createListNativeProjects,
  createUpdateProject,
} from './http/native/projects.ts';
import { createPutEvent } from './http/native/put-event.ts';
import { createGetReportCsv, createGetReportHtml } from './http/native/reports.ts';
import { createRerunRun } from './http/native/rerun-run.ts';
import { createGetRun, createListRuns } from './http/native/runs.ts';
import { createPreviewSchedule, createPreviewTiming } from './http/native/schedule-preview.ts';
import * as schedules from './http/native/schedules.ts';
import { createStopRun } from './http/native/stop-run.ts';
import { createTestNotify } from './http/native/test-notify.ts';
import { createTriggerRun } from './http/native/trigger-run.ts';
import { createUploadResults } from './http/native/upload-results.ts';
import { createGetAsset, createGetPage } from './http/page.ts';
import type { Handlers } from './http/routes.ts';
import { takeTurns } from './http/take-turns.ts';
import { createIsRunning } from './http/testinium/is-running.ts';
import {
  createFilterPlans,
  createGetActivePlan,
  createGetPlan as createGetTestiniumPlan,
  createListProjectPlans,
  createListPlans as createListTestiniumPlans,
} from './http/testinium/list-plans.ts';
import {
  createGetCompany,
  createGetProject as createGetTestiniumProject,
  createListCompanies,
  createListProjects as createListTestiniumProjects,
} from './http/testinium/projects.ts';
import { createGetExecution, createGetTestExecution, createListExecutions } from './http/testinium/read-executions.ts';
import { createGetResult, createGetTestResult } from './http/testinium/read-results.ts';
import { renderCallback } from './http/testinium/render-callback.ts';
import { createRerunPlan } from './http/testinium/rerun-plan.ts';
import { createRunPlan } from './http/testinium/run-plan.ts';
import { createSelectApp } from './http/testinium/select-app.ts';
import { readTestiniumSettings, type TestiniumSettings } from './http/testinium/settings.ts';
import { createStopPlan } from './http/testinium/stop-plan.ts';
import { createIssueToken } from './http/testinium/token.ts';
import { createCaseResults } from './http/testsigma/case-results.ts';
import * as testsigmaEnvironments from './http/testsigma/environments.ts';
import { createJUnitReport } from './http/testsigma/junit-report.ts';
import { createListPlans as createListTestsigmaPlans } from './http/testsigma/list-plans.ts';
import { createListRuns as createListTestsigmaRuns } from './http/testsigma/list-runs.ts';
import { createOverrideRun as createTestsigmaOverride } from './http/testsigma/override-run.ts';
import { createReadRun } from './http/testsigma/read-run.ts';
import { createListConfigs as createListTestsigmaConfigs } from './http/testsigma/saved-configs.ts';
import * as testsigmaSchedules from './http/testsigma/schedules.ts';
import { createStopRun as createTestsigmaStop } from './http/testsigma/stop-run.ts';
import { createTriggerRun as createTestsigmaTrigger } from './http/testsigma/trigger-run.ts';
import { completeRun } from './workflow/complete-run.ts';
import { fireSchedule } from './workflow/fire-schedule.ts';
import { createGroupExecutor } from './workflow/group-executor.ts';
import { renderNative } from './workflow/render-delivery.ts';
import { sendDelivery } from './workflow/send-delivery.ts';
import { startByEvent } from './workflow/start-by-event.ts';
import { stepRun } from './workflow/step-run.ts';
import { resume, sweep } from './workflow/sweep.ts';
import { resumeSchedules, sweepSchedules } from './workflow/sweep-schedules.ts';

export interface LocalOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Everything that lives longer than the process. */
  readonly dataDirectory: string;
  /** Where clients and executors reach us, if not at host and port. */
  readonly publicUrl?: string;
  /** Settings of the Testinium API; PROCTOR_TESTINIUM and PROCTOR_TESTINIUM_VARIANT unless given. */
  readonly testinium?: TestiniumSettings;
}

export interface LocalSystem {
  readonly url: string;
  readonly adminKey: { readonly token: string; readonly created: boolean };
  readonly services: Services;
  subscribe(listener: (event: LocalEvent) => void): () => void;
  close(): Promise<void>;
}

/** The sweeper's rhythm when embedded (reliability.md 3.6). */
const sweepMs = 5000;
/** Batches of results that are stored at once; others wait for theirs to be (reliability.md F11). */
const batchesAtOnce = 16;
/** Deliveries taken up in one sweep. */
const dueDeliveries = 500;

/**
 * The embedded system: the routes, the core, the table, the workflow loop, the bus and the `command` executor in one
 * process. All state is in the table and in `dataDirectory`, so the next start goes on where a killed process was.
 */
export async function startLocal(options: LocalOptions): Promise<LocalSystem> {
  const { dataDirectory } = options;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const now = Date.now;
  const log = createLog((line) => appendFileSync(join(dataDirectory, 'proctor.log'), line), now);
  const table = await openTable(dataDirectory);
  const stores = createStores(table.client, table.tableName);
  const plans = keepEventPlans(stores.plans);
  const masterKey = await readMasterKey(dataDirectory);
  const secrets = createEmbeddedSecrets({ env: process.env, now });
  const bus = createLocalBus({
    file: join(dataDirectory, 'events.jsonl'),
    deliver: (event) => heard(services, event),
    now,
    newId: randomUUID,
  });
  const egress = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.0/8', '::1/128'], ports: 'any' });
  const executors = {
    command: createCommandExecutor({ dataDirectory, now, onChange: (runId) => workflow.look(runId) }),
    ...createRemoteExecutors({
      egress,
      secrets,
      now,
      newId: () => randomBytes(12).toString('hex'),
      builds: createBuilds(),
      deployment: { name: `local-${createHash('sha256').update(masterKey.key).digest('hex').slice(0, 16)}` },
    }),
    group: createGroupExecutor(() => services),
  };
  const workflow = createLocalWorkflow({
    step: (runId) => stepRun(services, runId),
    complete: (runId, live) => completeRun(services, runId, undefined, live),
    timers: { now, after },
    log,
  });
  const post = createPostWebhook({ egress, secrets, now });
  const sender = createLocalSender({
    send: (deliveryId) => sendDelivery(services, post, deliveryId),
    timers: { now, after },
    log,
  });
  const scheduler = createLocalScheduler({
    fire: (scheduleId, scheduledAt) => fireSchedule(services, scheduleId, scheduledAt),
    timers: { now, after },
    log,
  });
  const { PROCTOR_TESTINIUM, PROCTOR_TESTINIUM_VARIANT } = process.env;
  const testinium = options.testinium ?? readTestiniumSettings(PROCTOR_TESTINIUM, PROCTOR_TESTINIUM_VARIANT);
  let publicUrl = options.publicUrl ?? '';
  const services: Services = {
    ...stores,
    plans,
    workflow,
    sender,
    scheduler,
    bus,
    executors: (type) => executors[type],
    renderDelivery: (kind, run) =>
      kind === 'native' ? renderNative(services, run) : renderCallback(services, testinium, run),
    now,
    random: randomBytes,
    get publicUrl() {
      return publicUrl;
    },
    masterKeys: async () => [masterKey],
    secrets,
    log,
  };
  const adminKey = await readAdminKey(services, dataDirectory);
  const handlers = createHandlers(services, egress.checkUrl, dataDirectory, testinium, bus.put);
  const { keys, tokens } = stores;
  const entry = createEntry({ keys, tokens, now, handlers, log, variant: testinium.variant });
  await resume(services);
  const server = await createNodeServer({
    entry,
    host: options.host,
    port: options.port,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
  }).catch(async (error: NodeJS.ErrnoException) => {
    // What was resumed goes on until it is told.
    await scheduler.close();
    await workflow.close();
    await sender.close();
    await table.close();
    if (error.code !== 'EADDRINUSE') throw error;
    throw new ServiceError('UNAVAILABLE', `port ${options.port} is taken; set PROCTOR_PORT to another one`);
  });
  publicUrl = options.publicUrl ?? server.url;
  await resumeSchedules(services);
  const sweeper = startSweeper(services);
  return {
    url: server.url,
    adminKey,
    services,
    subscribe: bus.subscribe,
    async close() {
      await server.close();
      await sweeper.stop();
      await scheduler.close();
      await workflow.close();
      await sender.close();
      await table.close();
    },
  };
}

/** A handler for every route: a forgotten one does not compile. */
export function createHandlers(
  services: Services,
  checkUrl: Egress['checkUrl'],
  dataDirectory: string,
  testinium: TestiniumSettings,
  putEvent: LocalBus['put'],
): Handlers {
  const getHealth: Handler = async () => json(200, { status: 'ok' });
  const inTurn = takeTurns(batchesAtOnce);
  return {
    'testsigma.trigger': createTestsigmaTrigger(services),
    'testsigma.listRuns': createListTestsigmaRuns(services),
    'testsigma.getRun': createReadRun(services),
    'testsigma.listCases': createCaseResults(services),
    'testsigma.getJunit': createJUnitReport(services, writeJUnit),
    'testsigma.overrideRun': createTestsigmaOverride(services),
    'testsigma.stopRun': createTestsigmaStop(services),
    'testsigma.listPlans': createListTestsigmaPlans(services),
    'testsigma.listConfigs': createListTestsigmaConfigs(services),
    'testsigma.listEnvironments': testsigmaEnvironments.createListEnvironments(services),
    'testsigma.createEnvironment': testsigmaEnvironments.createCreateEnvironment(services),
    'testsigma.getEnvironment': testsigmaEnvironments.createGetEnvironment(services),
    'testsigma.createSchedule': testsigmaSchedules.createCreateSchedule(services),
    'testsigma.listSchedules': testsigmaSchedules.createListSchedules(services),
    'testsigma.getSchedule': testsigmaSchedules.createGetSchedule(services),
    'testsigma.updateSchedule': testsigmaSchedules.createUpdateSchedule(services),
    'testsigma.deleteSchedule': testsigmaSchedules.createDeleteSchedule(services),
    'testinium.run': createRunPlan(services, testinium, checkUrl),
    'testinium.rerun': createRerunPlan(services, testinium, checkUrl),
    'testinium.stop': createStopPlan(services, testinium),
    'testinium.isRunning': createIsRunning(services, testinium),
    'testinium.listExecutions': createListExecutions(services, testinium),
    'testinium.getExecution': createGetExecution(services, testinium),
    'testinium.getTestExecution': createGetTestExecution(services, testinium),
    'testinium.getResult': createGetResult(services, testinium),
    'testinium.getTestResult': createGetTestResult(services, testinium),
    'testinium.listPlans': createListTestiniumPlans(services, testinium),
    'testinium.filterPlans': createFilterPlans(services, testinium),
    'testinium.getPlan': createGetTestiniumPlan(services, testinium),
    'testinium.getActivePlan': createGetActivePlan(services, testinium),
    'testinium.selectAndroidApp': createSelectApp(services, testinium, 'android'),
    'testinium.selectIosApp': createSelectApp(services, testinium, 'ios'),
    'testinium.listProjects': createListTestiniumProjects(services, testinium),
    'testinium.getProject': createGetTestiniumProject(services, testinium),
    'testinium.listProjectPlans': createListProjectPlans(services, testinium),
    'testinium.listActivePlans': createListProjectPlans(services, testinium, true),
    'testinium.getCompany': createGetCompany(testinium),
    'testinium.listCompanies': createListCompanies(testinium),
    'testinium.token': createIssueToken(services, testinium),
    'native.listPlans': createListPlans(services),
    'native.applyPlan': createApplyPlan(services, checkUrl),
    'native.getPlan': createGetPlan(services),
    'native.updatePlan': createUpdatePlan(services, checkUrl),
    'native.deletePlan': createDeletePlan(services),
    'native.listConfigs': createListConfigs(services),
    'native.createConfig': createCreateConfig(services),
    'native.getConfig': createGetConfig(services),
    'native.updateConfig': createUpdateConfig(services),
    'native.deleteConfig': createDeleteConfig(services),
    'native.triggerRun': createTriggerRun(services, checkUrl),
    'native.getHistory': createGetHistory(services),
    'native.getCaseHistory': createGetCaseHistory(services),
    'native.listRuns': createListRuns(services),
    'native.getRun': createGetRun(services),
    'native.explainRun': createExplainRun(services),
    'native.listCases': createListCases(services),
    'native.listAttempts': createListAttempts(services),
    'native.getOutput': createGetOutput(services, (runId, attempt) => openOutput(dataDirectory, runId, attempt)),
    'native.getJunit': createGetJunit(services, writeJUnit),
    'native.getReportCsv': createGetReportCsv(services),
    'native.getReportHtml': createGetReportHtml(services),
    'native.overrideRun': createOverrideRun(services),
    'native.listOverrides': createListOverrides(services),
    'native.stopRun': createStopRun(services),
    'native.rerunRun': createRerunRun(services),
    'native.uploadResults': createUploadResults(services, readJUnit),
    'native.listDeliveries': createListDeliveries(services),
    'native.getDelivery': createGetDelivery(services),
    'native.replayDelivery': createReplayDelivery(services),
    'native.testNotify': createTestNotify(services),
    'native.putEvent': createPutEvent(putEvent),
    'native.getCallbackSecrets': createGetCallbackSecrets(services),
    'native.listHooks': hooks.createListHooks(services),
    'native.createHook': hooks.createCreateHook(services),
    'native.getHook': hooks.createGetHook(services),
    'native.updateHook': hooks.createUpdateHook(services),
    'native.deleteHook': hooks.createDeleteHook(services),
    'native.rotateHook': hooks.createRotateHook(services),
    'native.listHookCalls': hooks.createListHookCalls(services),
    'hooks.receive': createReceiveHook(services, verifyWebhook),
    'native.listEnvironments': createListEnvironments(services),
    'native.createEnvironment': createCreateEnvironment(services),
    'native.getEnvironment': createGetEnvironment(services),
    'native.updateEnvironment': createUpdateEnvironment(services),
    'native.deleteEnvironment': createDeleteEnvironment(services),
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
    'native.listProjects': createListNativeProjects(services),
    'native.getProject': createGetNativeProject(services),
    'native.updateProject': createUpdateProject(services),
    'native.listKeys': createListKeys(services),
    'native.getOwnKey': createGetOwnKey(services),
    'native.createKey': createCreateKey(services),
    'native.revokeKey': createRevokeKey(services),
    'native.rotateKey': createRotateKey(services),
    'native.getOpenapi': createGetOpenapi(),
    'native.getPlanSchema': createGetPlanSchema(),
    'callbacks.addResults': inTurn(createAddResults(services, readJUnit)),
    'callbacks.addProgress': inTurn(createAddProgress(services, readJUnit)),
    'callbacks.look': createLook(services),
    'system.getBadge': createGetBadge(services, drawBadge),
    'system.getHealth': getHealth,
    'page.getPage': createGetPage(readPage),
    'page.getAsset': createGetAsset(readPage),
  };
}

/** Starts the runs an event asks for. What passes is tried again with the event; a bug has nobody to wait for here but the log. */
async function heard(services: Services, event: LocalEvent): Promise<void> {
  try {
    await startByEvent(services, services.plans.listEventPlans, event);
  } catch (error) {
    if (isServiceError(error)) throw error;
    services.log({ level: 'error', event: 'event not handled', requestId: event.id, error });
  }
}

function startSweeper(services: Services): { stop(): Promise<void> } {
  let sweeping: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = sweeping
      .then(() => Promise.all([sweep(services), sweepSchedules(services), noticeDue(services)]))
      .catch((error) => services.log({ level: 'error', event: 'sweep failed', error }));
  }, sweepMs);
  return {
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}

/** Deliveries whose timers died with the process before, or were never set. */
async function noticeDue({ deliveries, sender, now }: Services): Promise<void> {
  const due = await deliveries.listDueDeliveries(now(), dueDeliveries);
  sender.notice(due.map(({ id }) => id));
}

function after(ms: number, fn: () => void | Promise<void>): () => void {
  // setTimeout holds 2^31 ms at most; the sweeper looks sooner than that in any case.
  const timer = setTimeout(fn, Math.min(ms, 2 ** 31 - 1));
  return () => clearTimeout(timer);
}

async function openTable(dataDirectory: string): Promise<EmbeddedTable> {
  try {
    return await openEmbeddedTable(join(dataDirectory, 'db'));
  } catch (error) {
    throw new ServiceError(
      'UNAVAILABLE',
      `the table in ${dataDirectory} cannot be opened: is another Proctor using it? Stop that one, or set PROCTOR_DATA`,
      { cause: error },
    );
  }
}

/** The key callback tokens are made from; made on the first start. */
async function readMasterKey(dataDirectory: string): Promise<MasterKey> {
  const file = join(dataDirectory, 'master.key');
  const known = await readText(file);
  if (known !== undefined) return { epoch: 1, key: Buffer.from(known, 'base64') };
  const key = randomBytes(32);
  await writeFile(file, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  return { epoch: 1, key };
}

/** The administrator's key, made on the first start and kept for the local command line; the table holds its hash only. */
async function readAdminKey(services: Services, dataDirectory: string): Promise<LocalSystem['adminKey']> {
  const file = join(dataDirectory, 'admin.key');
  const known = await readText(file);
  if (known !== undefined) return { token: known, created: false };
  const ownerId = await services.keys.nextOwnerId();
  const rights = { scopes: [...scopes], projects: null, planIds: null };
  const made = createApiKey({
    random: services.random,
    name: 'administrator',
    ownerId,
    ...rights,
    now: services.now(),
  });
  // The table first: a crash in between leaves a key nobody has, not a file that opens nothing.
  await services.keys.putKey(made.key);
  await writeFile(file, `${made.token}\n`, { mode: 0o600 });
  return { token: made.token, created: true };
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the command of an attempt printed, as a stream; undefined where there is none. */
async function openOutput(dataDirectory: string, runId: number, attempt: number) {
  const file = join(attemptDirectory(dataDirectory, runId, attempt), attemptFiles.output);
  const stream = createReadStream(file, { end: 9 * 1024 * 1024 });
  return new Promise<typeof stream | undefined>((resolve) => {
    stream.once('open', () => resolve(stream));
    stream.once('error', () => resolve(undefined));
  });
}
