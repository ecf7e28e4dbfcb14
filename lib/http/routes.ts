import type { Handler, Scope } from './message.ts';

/** Who decides: a key with the scope, any `key`, nobody (`public`), or the handler by the token (`callback`) or signature (`hook`) it verifies. */
export type Access = Scope | 'key' | 'public' | 'callback' | 'hook';
/** Decides the shape of errors. */
export type Surface = 'testsigma' | 'testinium' | 'native' | 'callbacks' | 'hooks' | 'system' | 'page';
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Route {
  readonly method: Method;
  /** `{name}` stands for one segment. */
  readonly path: string;
  /** The handler's name; aliases of a path share it. */
  readonly operation: string;
  /** The Lambda function that serves it: `functions/<function>.ts`. */
  readonly function:
    | 'trigger'
    | 'read-runs'
    | 'plans'
    | 'edit-plans'
    | 'environments'
    | 'overrides'
    | 'history'
    | 'badges'
    | 'keys'
    | 'results'
    | 'stop-run'
    | 'deliveries'
    | 'hooks'
    | 'events'
    | 'schedules'
    | 'documents'
    | 'page';
  readonly scope: Access;
  readonly surface: Surface;
  readonly maxBodyBytes: number;
  /** HEAD is answered like GET; never on a GET that starts or stops something (contracts/testinium.md T22). */
  readonly servesHead: boolean;
}

/** reliability.md F40. */
const jsonBytes = 256 * 1024;
const resultsBytes = 9 * 1024 * 1024;
/** Plans declare thousands of cases. */
const planBytes = 4 * 1024 * 1024;
/** A push of GitHub lists up to 2,048 commits. What is larger, up to its 25 MB, Lambda would not take either. */
const payloadBytes = 4 * 1024 * 1024;
/** contracts/testinium.md 2.1. */
const formBytes = 64 * 1024;
const testinium = '/Testinium.RestApi/api';

/**
 * Every route there is, as data: API Gateway, the local server, the authorization tests and the OpenAPI document are made
 * from it. A path that fits two routes is served by the one with the literal segment.
 */
export const routes = Object.freeze([
  route('POST', '/api/v1/execution_results', 'testsigma.trigger', 'trigger', 'PLAN_RUN'),
  route('GET', '/api/v1/execution_results', 'testsigma.listRuns', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/api/v1/execution_results/{id}', 'testsigma.getRun', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/api/v1/execution_results/{id}/test_case_results', 'testsigma.listCases', 'read-runs', 'PLAN_VIEW'),
  route('PUT', '/api/v1/execution_results', 'testsigma.stopRun', 'stop-run', 'RUN_STOP'),
  route('PUT', '/api/v1/execution_results/{id}', 'testsigma.stopRun', 'stop-run', 'RUN_STOP'),
  route('PUT', '/api/v1/execution_results/{id}/override', 'testsigma.overrideRun', 'overrides', 'PLAN_RUN'),
  route('POST', '/api/v1/test_plan_results', 'testsigma.trigger', 'trigger', 'PLAN_RUN'),
  route('GET', '/api/v1/test_plan_results', 'testsigma.listRuns', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/api/v1/test_plan_results/{id}', 'testsigma.getRun', 'read-runs', 'PLAN_VIEW'),
  route('PUT', '/api/v1/test_plan_results', 'testsigma.stopRun', 'stop-run', 'RUN_STOP'),
  route('PUT', '/api/v1/test_plan_results/{id}', 'testsigma.stopRun', 'stop-run', 'RUN_STOP'),
  route('GET', '/api/v1/reports/junit/{id}', 'testsigma.getJunit', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/api/v1/saved_execution_configs', 'testsigma.listConfigs', 'plans', 'PLAN_VIEW'),
  route('GET', '/api/v1/environments', 'testsigma.listEnvironments', 'environments', 'PLAN_VIEW'),
  route('POST', '/api/v1/environments', 'testsigma.createEnvironment', 'environments', 'PLAN_RUN'),
  route('GET', '/api/v1/environments/{id}', 'testsigma.getEnvironment', 'environments', 'PLAN_VIEW'),
  route('GET', '/api/v1/test_plans', 'testsigma.listPlans', 'plans', 'PLAN_VIEW'),
  route('POST', '/api/v1/schedule_executions', 'testsigma.createSchedule', 'schedules', 'SCHEDULE_EDIT'),
  route('GET', '/api/v1/schedule_executions', 'testsigma.listSchedules', 'schedules', 'PLAN_VIEW'),
  route('GET', '/api/v1/schedule_executions/{id}', 'testsigma.getSchedule', 'schedules', 'PLAN_VIEW'),
  route('PUT', '/api/v1/schedule_executions/{id}', 'testsigma.updateSchedule', 'schedules', 'SCHEDULE_EDIT'),
  route('DELETE', '/api/v1/schedule_executions/{id}', 'testsigma.deleteSchedule', 'schedules', 'SCHEDULE_EDIT'),

  route('GET', `${testinium}/plans/{id}/run/{forceRun}`, 'testinium.run', 'trigger', 'PLAN_RUN', formBytes),
  route('POST', `${testinium}/plans/{id}/run/{forceRun}`, 'testinium.run', 'trigger', 'PLAN_RUN', formBytes),
  route('GET', `${testinium}/plans/{id}/run`, 'testinium.run', 'trigger', 'PLAN_RUN', formBytes),
  route('POST', `${testinium}/plans/{id}/run`, 'testinium.run', 'trigger', 'PLAN_RUN', formBytes),
  route('GET', `${testinium}/plans/{id}/run/company/{cid}`, 'testinium.run', 'trigger', 'PLAN_RUN', formBytes),
  route('POST', `${testinium}/plans/{id}/run/company/{cid}`, 'testinium.run', 'trigger', 'PLAN_RUN', formBytes),
  route('POST', `${testinium}/plans/{id}/rerun`, 'testinium.rerun', 'trigger', 'PLAN_RUN', formBytes),
  route('GET', `${testinium}/plans/{id}/stop`, 'testinium.stop', 'stop-run', 'RUN_STOP', formBytes),
  route('POST', `${testinium}/plans/{id}/stop`, 'testinium.stop', 'stop-run', 'RUN_STOP', formBytes),
  route('GET', `${testinium}/plans/{id}/checkIsRunning`, 'testinium.isRunning', 'read-runs', 'PLAN_VIEW'),
  route('GET', `${testinium}/plans/{id}/executions`, 'testinium.listExecutions', 'read-runs', 'PLAN_VIEW'),
  route('GET', `${testinium}/executions/{id}`, 'testinium.getExecution', 'read-runs', 'PLAN_VIEW'),
  route('GET', `${testinium}/testExecutions/{id}`, 'testinium.getTestExecution', 'read-runs', 'PLAN_VIEW'),
  route(
    'GET',
    `${testinium}/testExecutions/{id}/company/{cid}`,
    'testinium.getTestExecution',
    'read-runs',
    'PLAN_VIEW',
  ),
  route('GET', `${testinium}/results/{id}`, 'testinium.getResult', 'read-runs', 'PLAN_VIEW'),
  route('GET', `${testinium}/testResults/{id}`, 'testinium.getTestResult', 'read-runs', 'PLAN_VIEW'),
  route('GET', `${testinium}/plans`, 'testinium.listPlans', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/plans/lazy`, 'testinium.listPlans', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/plans/filter`, 'testinium.filterPlans', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/plans/{id}`, 'testinium.getPlan', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/plans/{id}/active`, 'testinium.getActivePlan', 'plans', 'PLAN_VIEW'),
  route(
    'PUT',
    `${testinium}/plans/{id}/setAndroidMobileApp/{appId}`,
    'testinium.selectAndroidApp',
    'plans',
    'PLAN_RUN',
  ),
  route('PUT', `${testinium}/plans/{id}/setIosMobileApp/{appId}`, 'testinium.selectIosApp', 'plans', 'PLAN_RUN'),
  route('GET', `${testinium}/projects`, 'testinium.listProjects', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/projects/company/{cid}`, 'testinium.listProjects', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/projects/projectsByCompany/{cid}`, 'testinium.listProjects', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/projects/{id}`, 'testinium.getProject', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/projects/{id}/active`, 'testinium.getProject', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/projects/{id}/plans`, 'testinium.listProjectPlans', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/projects/{id}/plans/active`, 'testinium.listActivePlans', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/companies/{id}`, 'testinium.getCompany', 'plans', 'PLAN_VIEW'),
  route('GET', `${testinium}/users/companies`, 'testinium.listCompanies', 'plans', 'PLAN_VIEW'),
  route('POST', '/Testinium.RestApi/oauth/token', 'testinium.token', 'keys', 'public', formBytes),
  route('POST', '/uaa/oauth/token', 'testinium.token', 'keys', 'public', formBytes),

  route('GET', '/v1/plans', 'native.listPlans', 'plans', 'PLAN_VIEW'),
  route('POST', '/v1/plans', 'native.applyPlan', 'edit-plans', 'PLAN_EDIT', planBytes),
  route('GET', '/v1/plans/{planId}', 'native.getPlan', 'plans', 'PLAN_VIEW'),
  route('PUT', '/v1/plans/{planId}', 'native.updatePlan', 'edit-plans', 'PLAN_EDIT', planBytes),
  route('DELETE', '/v1/plans/{planId}', 'native.deletePlan', 'edit-plans', 'PLAN_EDIT'),
  route('POST', '/v1/plans/{planId}/runs', 'native.triggerRun', 'trigger', 'PLAN_RUN'),
  route('GET', '/v1/plans/{planId}/history', 'native.getHistory', 'history', 'PLAN_VIEW'),
  route('GET', '/v1/plans/{planId}/cases/{caseId}/history', 'native.getCaseHistory', 'history', 'PLAN_VIEW'),

  route('GET', '/v1/plans/{planId}/configs', 'native.listConfigs', 'plans', 'PLAN_VIEW'),
  route('POST', '/v1/plans/{planId}/configs', 'native.createConfig', 'plans', 'PLAN_EDIT'),
  route('GET', '/v1/plans/{planId}/configs/{configId}', 'native.getConfig', 'plans', 'PLAN_VIEW'),
  route('PUT', '/v1/plans/{planId}/configs/{configId}', 'native.updateConfig', 'plans', 'PLAN_EDIT'),
  route('DELETE', '/v1/plans/{planId}/configs/{configId}', 'native.deleteConfig', 'plans', 'PLAN_EDIT'),

  route('GET', '/v1/runs', 'native.listRuns', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}', 'native.getRun', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}/explain', 'native.explainRun', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}/cases', 'native.listCases', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}/attempts', 'native.listAttempts', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}/attempts/{attempt}/output', 'native.getOutput', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}/junit', 'native.getJunit', 'read-runs', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}/report.csv', 'native.getReportCsv', 'history', 'PLAN_VIEW'),
  route('GET', '/v1/runs/{runId}/report.html', 'native.getReportHtml', 'history', 'PLAN_VIEW'),
  route('POST', '/v1/runs/{runId}/override', 'native.overrideRun', 'overrides', 'PLAN_RUN'),
  route('GET', '/v1/runs/{runId}/overrides', 'native.listOverrides', 'overrides', 'PLAN_VIEW'),
  route('POST', '/v1/runs/{runId}/stop', 'native.stopRun', 'stop-run', 'RUN_STOP'),
  route('POST', '/v1/runs/{runId}/rerun', 'native.rerunRun', 'trigger', 'PLAN_RUN'),
  route('POST', '/v1/runs/{runId}/results', 'native.uploadResults', 'results', 'RESULT_WRITE', resultsBytes),

  route('GET', '/v1/deliveries', 'native.listDeliveries', 'deliveries', 'PLAN_VIEW'),
  route('GET', '/v1/deliveries/{deliveryId}', 'native.getDelivery', 'deliveries', 'PLAN_VIEW'),
  route('POST', '/v1/deliveries/{deliveryId}/replay', 'native.replayDelivery', 'deliveries', 'WEBHOOK_ADMIN'),
  route('POST', '/v1/plans/{planId}/notify/test', 'native.testNotify', 'deliveries', 'WEBHOOK_ADMIN'),
  route('POST', '/v1/events', 'native.putEvent', 'events', 'PLAN_RUN'),
  route('GET', '/v1/callback-secrets', 'native.getCallbackSecrets', 'deliveries', 'WEBHOOK_ADMIN'),

  route('GET', '/v1/hooks', 'native.listHooks', 'hooks', 'WEBHOOK_ADMIN'),
  route('POST', '/v1/hooks', 'native.createHook', 'hooks', 'WEBHOOK_ADMIN'),
  route('GET', '/v1/hooks/{hookId}', 'native.getHook', 'hooks', 'WEBHOOK_ADMIN'),
  route('PUT', '/v1/hooks/{hookId}', 'native.updateHook', 'hooks', 'WEBHOOK_ADMIN'),
  route('DELETE', '/v1/hooks/{hookId}', 'native.deleteHook', 'hooks', 'WEBHOOK_ADMIN'),
  route('POST', '/v1/hooks/{hookId}/rotate', 'native.rotateHook', 'hooks', 'WEBHOOK_ADMIN'),
  route('GET', '/v1/hooks/{hookId}/calls', 'native.listHookCalls', 'hooks', 'WEBHOOK_ADMIN'),

  route('GET', '/v1/environments', 'native.listEnvironments', 'environments', 'PLAN_VIEW'),
  route('POST', '/v1/environments', 'native.createEnvironment', 'environments', 'PLAN_EDIT'),
  route('GET', '/v1/environments/{environmentId}', 'native.getEnvironment', 'environments', 'PLAN_VIEW'),
  route('PUT', '/v1/environments/{environmentId}', 'native.updateEnvironment', 'environments', 'PLAN_EDIT'),
  route('DELETE', '/v1/environments/{environmentId}', 'native.deleteEnvironment', 'environments', 'PLAN_EDIT'),

  route('GET', '/v1/schedules', 'native.listSchedules', 'schedules', 'PLAN_VIEW'),
  route('POST', '/v1/schedules', 'native.createSchedule', 'schedules', 'SCHEDULE_EDIT'),
  route('POST', '/v1/schedules/preview', 'native.previewTiming', 'schedules', 'PLAN_VIEW'),
  route('GET', '/v1/schedules/{scheduleId}', 'native.getSchedule', 'schedules', 'PLAN_VIEW'),
  route('PUT', '/v1/schedules/{scheduleId}', 'native.updateSchedule', 'schedules', 'SCHEDULE_EDIT'),
  route('DELETE', '/v1/schedules/{scheduleId}', 'native.deleteSchedule', 'schedules', 'SCHEDULE_EDIT'),
  route('POST', '/v1/schedules/{scheduleId}/pause', 'native.pauseSchedule', 'schedules', 'SCHEDULE_EDIT'),
  route('POST', '/v1/schedules/{scheduleId}/resume', 'native.resumeSchedule', 'schedules', 'SCHEDULE_EDIT'),
  route('GET', '/v1/schedules/{scheduleId}/occurrences', 'native.listOccurrences', 'schedules', 'PLAN_VIEW'),
  route('GET', '/v1/schedules/{scheduleId}/preview', 'native.previewSchedule', 'schedules', 'PLAN_VIEW'),

  route('GET', '/v1/projects', 'native.listProjects', 'plans', 'PLAN_VIEW'),
  route('GET', '/v1/projects/{project}', 'native.getProject', 'plans', 'PLAN_VIEW'),
  route('PUT', '/v1/projects/{project}', 'native.updateProject', 'plans', 'PLAN_EDIT'),

  route('GET', '/v1/keys', 'native.listKeys', 'keys', 'KEY_ADMIN'),
  route('GET', '/v1/keys/self', 'native.getOwnKey', 'keys', 'key'),
  route('POST', '/v1/keys', 'native.createKey', 'keys', 'KEY_ADMIN'),
  route('DELETE', '/v1/keys/{keyId}', 'native.revokeKey', 'keys', 'KEY_ADMIN'),
  route('POST', '/v1/keys/{keyId}/rotate', 'native.rotateKey', 'keys', 'KEY_ADMIN'),
  route('GET', '/v1/openapi.json', 'native.getOpenapi', 'documents', 'public'),
  route('GET', '/v1/plan.schema.json', 'native.getPlanSchema', 'documents', 'public'),

  route('POST', '/callbacks/{runId}/{attempt}/results', 'callbacks.addResults', 'results', 'callback', resultsBytes),
  route('POST', '/callbacks/{runId}/{attempt}/progress', 'callbacks.addProgress', 'results', 'callback'),
  route('POST', '/callbacks/t/{token}/results', 'callbacks.addResults', 'results', 'callback', resultsBytes),
  route('POST', '/callbacks/t/{token}/progress', 'callbacks.addProgress', 'results', 'callback'),
  route('GET', '/callbacks/t/{token}/look', 'callbacks.look', 'results', 'callback'),
  route('POST', '/callbacks/t/{token}/look', 'callbacks.look', 'results', 'callback'),

  route('POST', '/hooks/{hookId}', 'hooks.receive', 'hooks', 'hook', payloadBytes),

  route('GET', '/badges/{badge}', 'system.getBadge', 'badges', 'public'),

  route('GET', '/healthz', 'system.getHealth', 'read-runs', 'public'),

  // The page; its paths below are those of web/router.ts.
  route('GET', '/', 'page.getPage', 'page', 'public'),
  route('GET', '/runs', 'page.getPage', 'page', 'public'),
  route('GET', '/runs/{id}', 'page.getPage', 'page', 'public'),
  route('GET', '/plans', 'page.getPage', 'page', 'public'),
  route('GET', '/plans/{id}', 'page.getPage', 'page', 'public'),
  route('GET', '/schedules', 'page.getPage', 'page', 'public'),
  route('GET', '/deliveries', 'page.getPage', 'page', 'public'),
  route('GET', '/assets/{file}', 'page.getAsset', 'page', 'public'),
]);

export type Operation = (typeof routes)[number]['operation'];
export type FunctionName = (typeof routes)[number]['function'];
export type OperationsOf<F extends FunctionName> = Extract<
  (typeof routes)[number],
  { readonly function: F }
>['operation'];

/** The handlers of one function: an operation that is forgotten, or not its own, does not compile. */
export type Handlers<F extends FunctionName = FunctionName> = { readonly [O in OperationsOf<F>]: Handler };

function route<const O extends `${Surface}.${string}`, const F extends Route['function']>(
  method: Method,
  path: string,
  operation: O,
  owner: F,
  scope: Access,
  maxBodyBytes = jsonBytes,
): Route & { readonly operation: O; readonly function: F } {
  const surface = operation.slice(0, operation.indexOf('.')) as Surface;
  const servesHead = surface === 'page' || (surface === 'testinium' && method === 'GET' && scope === 'PLAN_VIEW');
  return { method, path, operation, function: owner, scope, surface, maxBodyBytes, servesHead };
}
