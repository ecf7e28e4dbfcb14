import type * as z from 'zod/mini';
import { configBody, planSchema } from '../../core/plan.ts';
import type { routes } from '../routes.ts';
import * as answers from './answer-schemas.ts';
import { caseHistoryAnswer, historyAnswer } from './history-schemas.ts';
import {
  caseResult,
  deliveryState,
  expireOldAfter,
  flag,
  idempotencyKey,
  ifMatch,
  ifNoneMatch,
  number,
  ofPlan,
  ofProject,
  ofRun,
  type Parameter,
  page,
  runStatus,
  text,
  uploadQuery,
} from './parameters.ts';
import { previewBody, scheduleBody, scheduleChange } from './schedule-schemas.ts';
import {
  environmentBody,
  environmentChange,
  eventBody,
  hookBody,
  hookCall,
  hookChange,
  keyBody,
  overrideBody,
  pingBody,
  projectBody,
  rerunBody,
  resultsBody,
  rotateHookBody,
  triggerBody,
} from './schemas.ts';

type Schema = z.ZodMiniType;
type OwnOperation = Extract<
  (typeof routes)[number]['operation'],
  `native.${string}` | `callbacks.${string}` | `hooks.${string}`
>;

/** What the OpenAPI document says of an operation beyond its route. */
export interface OperationDoc {
  readonly summary: string;
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly headers?: Readonly<Record<string, Parameter>>;
  /** The JSON body; `also` are its other content types. */
  readonly body?: Schema;
  readonly also?: readonly string[];
  /** Several where what was asked for decides which; a text is a media type, or says why there is no body. */
  readonly answers: Readonly<Record<number, Schema | readonly Schema[] | string>>;
  /** Statuses answered with a problem, besides those of every route. */
  readonly problems?: readonly number[];
}

const runsQuery = { runs: number('How many of the newest completed runs at most.', 100, 30) };
const xml = ['application/xml', 'text/xml'];
const unchanged = 'Not modified';
const upload = {
  body: resultsBody,
  also: xml,
  answers: { 200: answers.acceptedAnswer, 202: answers.acceptedAnswer },
  problems: [400, 404, 409, 413],
} as const;

/** Each operation of the native and the callback API. One that is forgotten does not compile. */
export const operations: Readonly<Record<OwnOperation, OperationDoc>> = {
  'native.listPlans': {
    summary: 'List plans',
    query: { project: ofProject, ...page },
    answers: { 200: answers.plansAnswer },
    problems: [400],
  },
  'native.applyPlan': {
    summary: 'Apply a plan: create it, or bring it to what the document says',
    query: { dryRun: flag('`true` says what would change and stores nothing.', false) },
    body: planSchema,
    also: ['application/yaml', 'text/yaml'],
    answers: { 200: [answers.planAnswer, answers.dryRunAnswer], 201: answers.planAnswer },
    problems: [400, 403, 404, 409],
  },
  'native.getPlan': {
    summary: 'Read a plan',
    headers: ifNoneMatch,
    answers: { 200: answers.planAnswer, 304: unchanged },
    problems: [400, 404],
  },
  'native.updatePlan': {
    summary: 'Replace a plan',
    headers: ifMatch,
    body: planSchema,
    also: ['application/yaml', 'text/yaml'],
    answers: { 200: answers.planAnswer },
    problems: [400, 403, 404, 409],
  },
  'native.deletePlan': {
    summary: 'Delete a plan; its runs stay readable',
    headers: ifMatch,
    answers: { 204: 'Deleted' },
    problems: [400, 404, 409],
  },
  'native.triggerRun': {
    summary: 'Start a run of a plan',
    headers: idempotencyKey,
    body: triggerBody,
    answers: { 202: answers.runAnswer },
    problems: [400, 404, 409, 422],
  },
  'native.getHistory': {
    summary: 'Read what the newest completed runs of a plan did: results, durations, failing, flaky and slow cases',
    query: runsQuery,
    answers: { 200: historyAnswer },
    problems: [400, 404],
  },
  'native.getCaseHistory': {
    summary: 'Read what a case did in the newest completed runs of its plan; `caseId` is the `id` of a case of a run',
    query: runsQuery,
    answers: { 200: caseHistoryAnswer },
    problems: [400, 404],
  },
  'native.rerunRun': {
    summary: 'Rerun a run: a new run, linked to the end of its chain',
    headers: idempotencyKey,
    body: rerunBody,
    answers: { 202: answers.runAnswer },
    problems: [400, 404, 409, 422],
  },
  'native.listConfigs': {
    summary: 'List the saved selections of a plan',
    headers: ifNoneMatch,
    answers: { 200: answers.configsAnswer, 304: unchanged },
    problems: [400, 404],
  },
  'native.createConfig': {
    summary: 'Save a selection of test cases with the plan',
    headers: ifMatch,
    body: configBody,
    answers: { 201: answers.configAnswer },
    problems: [400, 404, 409],
  },
  'native.getConfig': {
    summary: 'Read a saved selection',
    headers: ifNoneMatch,
    answers: { 200: answers.configAnswer, 304: unchanged },
    problems: [400, 404],
  },
  'native.updateConfig': {
    summary: 'Replace a saved selection',
    headers: ifMatch,
    body: configBody,
    answers: { 200: answers.configAnswer },
    problems: [400, 404, 409],
  },
  'native.deleteConfig': {
    summary: 'Delete a saved selection; runs keep what it selected',
    headers: ifMatch,
    answers: { 204: 'Deleted' },
    problems: [400, 404, 409],
  },
  'native.listRuns': {
    summary: 'List runs, newest first',
    query: {
      plan: ofPlan,
      project: ofProject,
      status: runStatus,
      ...page,
    },
    answers: { 200: answers.runsAnswer },
    problems: [400],
  },
  'native.getRun': {
    summary: 'Read a run; `Retry-After` says when to ask again while it lives',
    headers: ifNoneMatch,
    answers: { 200: answers.runAnswer, 304: unchanged },
    problems: [400, 404],
  },
  'native.explainRun': {
    summary: 'Say what happened in a run, in sentences',
    answers: { 200: answers.explainAnswer },
    problems: [400, 404],
  },
  'native.listCases': {
    summary: 'List the cases of a run with their results',
    query: {
      result: caseResult,
      machine: text('Title of a machine of the plan.'),
      ...page,
      limit: number('How many a page.', 1000, 50),
    },
    answers: { 200: answers.casesAnswer },
    problems: [400, 404],
  },
  'native.listAttempts': {
    summary: 'List the attempts of a run, oldest first',
    answers: { 200: answers.attemptsAnswer },
    problems: [400, 404],
  },
  'native.getOutput': {
    summary: 'Read what the job of an attempt printed, where it was kept',
    answers: { 200: 'text/plain' },
    problems: [400, 404],
  },
  'native.getJunit': {
    summary: 'Read a completed run as JUnit XML',
    headers: ifNoneMatch,
    answers: { 200: 'application/xml', 304: unchanged },
    problems: [400, 404, 409],
  },
  'native.getReportCsv': {
    summary: 'Read a completed run as CSV, a row for each case and each iteration',
    headers: ifNoneMatch,
    answers: { 200: 'text/csv', 304: unchanged },
    problems: [400, 404, 409, 413],
  },
  'native.getReportHtml': {
    summary: 'Read a completed run as one HTML file to keep or print',
    headers: ifNoneMatch,
    answers: { 200: 'text/html', 304: unchanged },
    problems: [400, 404, 409, 413],
  },
  'native.overrideRun': {
    summary: 'Show cases of a completed run with another result; what it ended with stays on record',
    body: overrideBody,
    answers: { 200: answers.runAnswer },
    problems: [400, 404, 409],
  },
  'native.listOverrides': {
    summary: 'List who overrode which case, oldest first',
    query: { ...page, limit: number('How many a page.', 1000, 50) },
    answers: { 200: answers.overridesAnswer },
    problems: [400, 404],
  },
  'native.stopRun': {
    summary: 'Stop a run; waits up to 5 s for its executor',
    answers: { 200: answers.runAnswer },
    problems: [400, 404],
  },
  'native.uploadResults': {
    summary:
      'Upload results: JSON or JUnit XML, gzip welcome. Without `final` JUnit XML ends the attempt, JSON does not',
    query: { attempt: number('The attempt the results are of; the current one unless given.'), ...uploadQuery },
    ...upload,
  },
  'native.listDeliveries': {
    summary: 'List deliveries to subscribers and callback URLs, newest first',
    query: {
      plan: ofPlan,
      run: ofRun,
      state: deliveryState,
      ...page,
    },
    answers: { 200: answers.deliveriesAnswer },
    problems: [400],
  },
  'native.getDelivery': {
    summary: 'Read a delivery with its latest tries',
    answers: { 200: answers.deliveryAnswer },
    problems: [400, 404],
  },
  'native.replayDelivery': {
    summary: 'Send a delivery again under the same id, and enable its subscription; waits for the first try',
    answers: { 200: answers.deliveryAnswer },
    problems: [400, 404],
  },
  'native.putEvent': {
    summary: 'Put an event on the bus, for plans that are triggered by it',
    body: eventBody,
    answers: { 202: answers.eventAnswer },
    problems: [400, 403],
  },
  'native.testNotify': {
    summary: 'Send `endpoint.ping` to the subscriptions of a plan and say what came back',
    body: pingBody,
    answers: { 200: answers.pingsAnswer },
    problems: [400, 404],
  },
  'native.getCallbackSecrets': {
    summary: 'Read the secrets that sign the callbacks of single runs, newest first',
    answers: { 200: answers.callbackSecretsAnswer },
  },
  'native.listEnvironments': {
    summary: 'List environments',
    query: { project: ofProject, ...page },
    answers: { 200: answers.environmentsAnswer },
    problems: [400],
  },
  'native.createEnvironment': {
    summary: 'Create an environment',
    body: environmentBody,
    answers: { 201: answers.environmentAnswer },
    problems: [400, 403, 409],
  },
  'native.getEnvironment': {
    summary: 'Read an environment; the values of secrets are never shown',
    headers: ifNoneMatch,
    answers: { 200: answers.environmentAnswer, 304: unchanged },
    problems: [400, 404],
  },
  'native.updateEnvironment': {
    summary: 'Replace an environment; a variable without value and reference keeps its own',
    headers: ifMatch,
    body: environmentChange,
    answers: { 200: answers.environmentAnswer },
    problems: [400, 404, 409],
  },
  'native.deleteEnvironment': {
    summary: 'Delete an environment',
    headers: ifMatch,
    answers: { 204: 'Deleted' },
    problems: [400, 404, 409],
  },
  'native.listSchedules': {
    summary: 'List schedules',
    query: { plan: ofPlan, project: ofProject, ...page },
    answers: { 200: answers.schedulesAnswer },
    problems: [400, 404],
  },
  'native.createSchedule': {
    summary: 'Create a schedule; it starts nothing before its first occurrence',
    body: scheduleBody,
    answers: { 201: answers.scheduleAnswer },
    problems: [400, 404],
  },
  'native.previewTiming': {
    summary: 'Say when a timing would fire, what the clocks do to it, and whose runs it would meet',
    body: previewBody,
    answers: { 200: answers.previewAnswer },
    problems: [400, 404],
  },
  'native.getSchedule': {
    summary: 'Read a schedule; its version counts what people change, not what it fires',
    answers: { 200: answers.scheduleAnswer },
    problems: [400, 404],
  },
  'native.updateSchedule': {
    summary: 'Replace a schedule that was made by a request; new times begin with the first occurrence after now',
    headers: ifMatch,
    body: scheduleChange,
    answers: { 200: answers.scheduleAnswer },
    problems: [400, 404, 409],
  },
  'native.deleteSchedule': {
    summary: 'Delete a schedule that was made by a request; runs it has started go on',
    headers: ifMatch,
    answers: { 204: 'Deleted' },
    problems: [400, 404, 409],
  },
  'native.pauseSchedule': {
    summary: 'Pause a schedule',
    headers: ifMatch,
    answers: { 200: answers.scheduleAnswer },
    problems: [400, 404, 409],
  },
  'native.resumeSchedule': {
    summary: 'Resume a schedule with its first occurrence after now',
    headers: ifMatch,
    answers: { 200: answers.scheduleAnswer },
    problems: [400, 404, 409],
  },
  'native.listOccurrences': {
    summary: 'List what became of the occurrences of a schedule in the last 90 days, newest first',
    query: page,
    answers: { 200: answers.occurrencesAnswer },
    problems: [400, 404],
  },
  'native.previewSchedule': {
    summary: 'Say when a schedule fires next, what the clocks do to it, and whose runs it would meet',
    query: { limit: number('How many occurrences.', 100, 50) },
    answers: { 200: answers.previewAnswer },
    problems: [400, 404],
  },
  'native.listProjects': { summary: 'List projects', answers: { 200: answers.projectsAnswer } },
  'native.getProject': {
    summary: 'Read a project',
    answers: { 200: answers.projectAnswer },
    problems: [404],
  },
  'native.updateProject': {
    summary: 'Limit how many runs of a project go on at once; the others wait',
    body: projectBody,
    answers: { 200: answers.projectAnswer },
    problems: [400, 404],
  },
  'native.listKeys': { summary: 'List API keys', answers: { 200: answers.keysAnswer } },
  'native.getOwnKey': { summary: 'Read the API key of the request', answers: { 200: answers.keyAnswer } },
  'native.createKey': {
    summary: 'Create an API key; its token is shown in this answer only',
    body: keyBody,
    answers: { 201: answers.newKeyAnswer },
    problems: [400, 403],
  },
  'native.revokeKey': {
    summary: 'Revoke an API key',
    answers: { 204: 'Revoked' },
    problems: [400, 404],
  },
  'native.rotateKey': {
    summary: 'Replace an API key by one with the same rights',
    query: { expireOldAfterSeconds: expireOldAfter },
    answers: { 201: answers.newKeyAnswer },
    problems: [400, 403, 404, 409],
  },
  'native.listHooks': { summary: 'List the hooks that others call', answers: { 200: answers.hooksAnswer } },
  'native.createHook': {
    summary: 'Create a hook; its secret is shown in this answer only',
    body: hookBody,
    answers: { 201: answers.newHookAnswer },
    problems: [400, 404],
  },
  'native.getHook': {
    summary: 'Read a hook',
    headers: ifNoneMatch,
    answers: { 200: answers.hookAnswer, 304: unchanged },
    problems: [400, 404],
  },
  'native.updateHook': {
    summary: 'Rename a hook, change its plans, disable or enable it',
    headers: ifMatch,
    body: hookChange,
    answers: { 200: answers.hookAnswer },
    problems: [400, 404, 409],
  },
  'native.deleteHook': {
    summary: 'Delete a hook',
    headers: ifMatch,
    answers: { 204: 'Deleted' },
    problems: [400, 404, 409],
  },
  'native.rotateHook': {
    summary: 'Give a hook a new secret; the old one opens it for another day',
    headers: ifMatch,
    body: rotateHookBody,
    answers: { 200: answers.newHookAnswer },
    problems: [400, 404, 409],
  },
  'native.listHookCalls': {
    summary: 'The newest genuine calls of a hook, and what became of them',
    answers: { 200: answers.hookCallsAnswer },
    problems: [400, 404],
  },
  'native.getOpenapi': { summary: 'Read this document', answers: { 200: 'application/json' } },
  'native.getPlanSchema': {
    summary: 'Read the JSON Schema of plans, for editors',
    answers: { 200: 'application/schema+json' },
  },
  'callbacks.addResults': {
    summary: 'Results of an attempt, from its executor. They end the attempt with `final: true`, or as JUnit XML',
    query: uploadQuery,
    ...upload,
  },
  'callbacks.addProgress': {
    summary: 'Results so far, or an empty body as a sign of life',
    query: { batchId: uploadQuery.batchId, seq: uploadQuery.seq },
    ...upload,
  },
  'callbacks.look': {
    summary:
      'A vendor’s callback: makes the run look at its executor now. Nothing of the body is read. 200 if the attempt is over',
    answers: { 202: answers.lookAnswer, 200: answers.lookAnswer },
  },
  'hooks.receive': {
    summary: 'A call of a forge or a CI system. 202 if it started runs, 200 if not; sent again it finds the same runs',
    body: hookCall,
    also: ['application/x-www-form-urlencoded'],
    answers: { 200: answers.receivedAnswer, 202: answers.receivedAnswer },
    problems: [400, 401, 413],
  },
};
