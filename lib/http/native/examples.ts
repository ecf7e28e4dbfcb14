/**
 * One call of the tour through the API that the examples of its document are. `{operation.member}` in a parameter stands
 * for what an earlier answer said.
 */
export interface Example {
  /** Parameters of the path, the query and the header, by their names. */
  readonly with?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** JSON, or a text of the type. */
  readonly body?: unknown;
  readonly type?: string;
}

const plan = {
  name: 'checkout smoke',
  project: 'shop',
  executor: {
    type: 'http',
    url: 'https://runner.example.com/start',
    stopUrl: 'https://runner.example.com/stop',
    selects: 'cases',
  },
  rerun: { max: 1 },
  suites: [{ name: 'Cart', cases: [{ name: 'applies a coupon', tags: ['smoke'] }, { name: 'pays' }] }],
  notify: [
    {
      name: 'chat',
      url: 'https://hooks.example.com/chat',
      on: ['run.started', 'run.completed', 'plan.became_failed', 'plan.recovered'],
      secret: 'env:CHAT_SECRET',
    },
  ],
};
const cloudevents = {
  ...plan.notify[0],
  name: 'events',
  url: 'https://hooks.example.com/events',
  format: 'cloudevents',
};
const passed = { suite: 'Cart', name: 'applies a coupon', result: 'passed', durationMs: 40 };
const failed = { suite: 'Cart', name: 'pays', result: 'failed', durationMs: 70, message: 'expected 10, got 12' };
const junit =
  '<testsuite name="Cart"><testcase name="pays" time="0.07"><failure message="expected 10, got 12"/></testcase></testsuite>';
const push = {
  ref: 'refs/heads/main',
  after: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  deleted: false,
  repository: { full_name: 'acme/shop' },
  sender: { login: 'ada' },
  commits: [{ added: [], removed: [], modified: ['src/cart.js'] }],
};
const nightly = { name: 'nightly', cron: '0 2 ? * MON-FRI *', timezone: 'Europe/Istanbul', config: { name: 'smoke' } };

/** By operation id, in the order of the tour: what a call needs, earlier ones made. */
export const examples: Readonly<Record<string, Example>> = {
  createEnvironment: {
    body: {
      name: 'staging',
      project: 'shop',
      capacity: 2,
      variables: [
        { key: 'BASE_URL', value: 'https://stg.example.com' },
        { key: 'TOKEN', valueFrom: 'env:STAGING_TOKEN' },
      ],
    },
  },
  listEnvironments: { with: { project: 'shop', limit: 50 } },
  getEnvironment: { with: { environmentId: 1 } },
  updateEnvironment: {
    with: { environmentId: 1, 'If-Match': '"1"' },
    body: {
      name: 'staging',
      capacity: 3,
      variables: [{ key: 'BASE_URL', value: 'https://stg2.example.com' }, { key: 'TOKEN' }],
    },
  },

  applyPlan: { body: plan },
  listPlans: { with: { project: 'shop' } },
  getPlan: { with: { planId: 1 } },
  updatePlan: {
    with: { planId: 1, 'If-Match': '"1"' },
    body: {
      ...plan,
      notify: [...plan.notify, cloudevents],
      triggers: { webhooks: [{ events: ['push'], branches: ['main'] }] },
    },
  },
  createConfig: {
    with: { planId: 1 },
    body: { name: 'smoke', query: [{ key: 'tags', value: ['smoke'], operation: 'IN' }] },
  },
  listConfigs: { with: { planId: 1 } },
  getConfig: { with: { planId: 1, configId: 1 } },
  updateConfig: {
    with: { planId: 1, configId: 1 },
    body: { name: 'smoke', query: [{ key: 'tags', value: ['smoke', 'prices'], operation: 'IN' }] },
  },
  testNotify: { with: { planId: 1 }, body: { name: 'chat' } },

  triggerRun: {
    with: { planId: 1, 'Idempotency-Key': 'deploy-7.1' },
    body: {
      buildNo: '7.1',
      environmentId: 1,
      runtimeData: { COUPON: 'SPRING' },
      callbackUrl: 'https://hooks.example.com/ci',
    },
  },
  addProgress: { with: { runId: 1, attempt: 1 }, body: { batchId: '1', cases: [{ ...passed, result: 'running' }] } },
  addResults: { with: { runId: 1, attempt: 1 }, body: { batchId: '2', final: true, cases: [passed, failed] } },
  addProgressByPath: { body: { batchId: '1', cases: [{ ...failed, result: 'running' }] } },
  lookByGet: {},
  lookByPath: {},
  addResultsByPath: { body: junit, type: 'application/xml' },
  getRun: { with: { runId: 1 } },
  listRuns: { with: { plan: 1, status: 'completed' } },
  explainRun: { with: { runId: 1 } },
  listCases: { with: { runId: 1, result: ['failed', 'errored'] } },
  listAttempts: { with: { runId: 1 } },
  getJunit: { with: { runId: 1 } },
  rerunRun: { with: { runId: 1, 'Idempotency-Key': 'deploy-7.1-again' }, body: { which: 'failed' } },
  uploadResults: { with: { runId: 2 }, body: { final: true, cases: [{ ...failed, result: 'passed', message: '' }] } },
  overrideRun: {
    with: { runId: 1 },
    body: { cases: [{ resultId: '{listCases.cases.0.resultId}', result: 'passed', comment: 'The bank was down.' }] },
  },
  listOverrides: { with: { runId: 1 } },
  getHistory: { with: { planId: 1, runs: 10 } },
  getCaseHistory: { with: { planId: 1, caseId: '{listCases.cases.0.id}' } },
  getReportCsv: { with: { runId: 1 } },
  getReportHtml: { with: { runId: 1 } },
  stopRun: { with: { runId: 3 } },
  getOutput: { with: { runId: 4, attempt: 1 } },

  listDeliveries: { with: { run: 4, state: 'delivered' } },
  getDelivery: { with: { deliveryId: '{listDeliveries.deliveries.0.id}' } },
  replayDelivery: { with: { deliveryId: '{listDeliveries.deliveries.0.id}' } },
  getCallbackSecrets: {},
  putEvent: {
    body: { source: 'com.acme.deployer', detailType: 'Deployed', detail: { stage: 'staging' }, id: 'deploy-7.1' },
  },

  createSchedule: { body: { planId: 1, ...nightly } },
  listSchedules: { with: { plan: 1 } },
  getSchedule: { with: { scheduleId: 1 } },
  updateSchedule: { with: { scheduleId: 1, 'If-Match': '"1"' }, body: { ...nightly, missed: 'skip' } },
  pauseSchedule: { with: { scheduleId: 1 } },
  resumeSchedule: { with: { scheduleId: 1 } },
  previewTiming: { body: { cron: '30 2 * * ? *', timezone: 'Europe/Istanbul', count: 2 } },
  previewSchedule: { with: { scheduleId: 1, limit: 2 } },
  listOccurrences: { with: { scheduleId: 2 } },

  updateProject: { with: { project: 'shop' }, body: { parallelRuns: 4 } },
  getProject: { with: { project: 'shop' } },
  listProjects: {},

  createKey: { body: { name: 'CI of the shop', scopes: ['PLAN_RUN', 'PLAN_VIEW'], projects: ['shop'] } },
  listKeys: {},
  getOwnKey: {},
  rotateKey: { with: { keyId: '{createKey.id}', expireOldAfterSeconds: 3600 } },
  revokeKey: { with: { keyId: '{rotateKey.id}' } },

  createHook: { body: { name: 'shop on GitHub', scheme: 'github', plans: [1], secret: 'made-by-the-forge-itself' } },
  listHooks: {},
  getHook: { with: { hookId: '{createHook.id}' } },
  updateHook: { with: { hookId: '{createHook.id}', 'If-Match': '"1"' }, body: { name: 'the shop' } },
  receiveHook: { with: { hookId: '{createHook.id}' }, body: push },
  listHookCalls: { with: { hookId: '{createHook.id}' } },
  rotateHook: { with: { hookId: '{createHook.id}' }, body: { secret: 'another-one-of-the-forge' } },

  getOpenapi: {},
  getPlanSchema: {},

  deleteConfig: { with: { planId: 1, configId: 1 } },
  deleteSchedule: { with: { scheduleId: 1 } },
  deleteHook: { with: { hookId: '{createHook.id}' } },
  deletePlan: { with: { planId: 1 } },
  deleteEnvironment: { with: { environmentId: 1 } },
};
