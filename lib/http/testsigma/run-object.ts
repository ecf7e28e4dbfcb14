import type { Consolidated } from '../../core/chain.ts';
import { toExecutionDetails } from '../../core/execution-details.ts';
import { shownRun } from '../../core/override.ts';
import type { Plan } from '../../core/plan.ts';
import { type Counts, noCounts } from '../../core/results.ts';
import type { Run } from '../../core/run.ts';
import {
  created,
  messageOf,
  planRerunType,
  rerunsByItself,
  rerunWord,
  resultWord,
  statusWord,
  toWireCounts,
  triggeredType,
  type WireCounts,
} from './words.ts';

interface RunObjectInput {
  readonly run: Run;
  /** The version the run pinned. */
  readonly plan: Plan;
  readonly counts: Counts;
  /** What the chain of reruns says; absent for a run that is none of several. */
  readonly chain?: Consolidated | undefined;
  /** The later runs of the chain, oldest first. */
  readonly rerunIds: readonly number[];
  /** The nested plan: on GET of one run only, because every `"id"` of a POST answer is taken for the run's (T3). */
  readonly execution: ReturnType<typeof toExecution> | null;
  /** Without a final slash. */
  readonly baseUrl: string;
  /** Adds the counts in the words of the community edition (contracts/testsigma.md 3.10). */
  readonly snakeCase: boolean;
}

/** The answer to a trigger: always created and queued, even if the run has started by then (contracts/testsigma.md 3.2). */
export function toCreatedRunObject(input: Pick<RunObjectInput, 'run' | 'plan' | 'baseUrl' | 'snakeCase'>) {
  const { endedAt: _, ...unfinished } = input.run;
  const run: Run = { ...unfinished, status: 'queued' };
  const { status, result, message } = created;
  const object = toRunObject({ ...input, run, counts: noCounts, execution: null, rerunIds: [] });
  return { ...object, status, result, message, consolidatedResult: result, consolidatedStatus: status };
}

/**
 * The run object of contracts/testsigma.md 3.1, in the key order of its samples. `status` and `result` occur once at any
 * depth (T4). The consolidated values are the run's own unless it is one of a chain.
 */
export function toRunObject(given: RunObjectInput) {
  const input = { ...given, run: shownRun(given.run) };
  const { run, plan, counts, execution, baseUrl, snakeCase } = input;
  const result = resultWord(run);
  const status = statusWord(run);
  const endTime = run.endedAt ?? null;
  const duration = endTime === null ? null : endTime - run.createdAt;
  const sums = toWireCounts(run, counts);
  const chain = consolidatedOf(input, sums);
  return {
    id: run.id,
    execution,
    executionId: run.planId,
    startTime: run.createdAt,
    endTime,
    duration,
    result,
    status,
    message: messageOf(run),
    executedBy: run.trigger.ownerId,
    buildNo: run.buildNo ?? null,
    environmentId: run.environmentId ?? null,
    totalCount: sums.total,
    failedCount: sums.failed,
    passedCount: sums.passed,
    abortedCount: sums.aborted,
    stoppedCount: sums.stopped,
    notExecutedCount: sums.notExecuted,
    preRequisiteFailedCount: sums.preRequisiteFailed,
    queuedCount: sums.queued,
    runningCount: sums.running,
    isVisuallyPassed: null,
    visualTestResult: null,
    environment: null,
    childResult: null,
    reRunParentId: run.rerunOf ?? null,
    reRunType: run.rerunType === undefined ? null : rerunWord(run.rerunType),
    triggeredType: triggeredType(run.trigger.type),
    totalRunningCount: sums.running,
    executionDetails: toExecutionDetails(plan.settings),
    totalQueuedCount: sums.queued,
    mobileInspectionId: null,
    environmentResultsDTO: null,
    executionResultConfig: null,
    isReRunEnabled: rerunsByItself(run.rerun),
    consolidatedResult: chain.result,
    consolidatedStatus: chain.status,
    resultType: 'ORIGINAL',
    consolidatedDuration: chain.duration,
    runTestCasesInParallel: false,
    runTestSuitesInParallel: false,
    scheduledId: run.schedule?.id ?? null,
    testPlanHookResults: null,
    consolidatedPlanTotalCount: chain.sums.total,
    consolidatedPlanFailedCount: chain.sums.failed + chain.sums.aborted + chain.sums.preRequisiteFailed,
    consolidatedPlanPassedCount: chain.sums.passed,
    consolidatedPlanStoppedCount: chain.sums.stopped,
    consolidatedPlanNotExecutedCount: chain.sums.notExecuted,
    consolidatedPlanQueuedCount: chain.sums.queued,
    consolidatedPlanRunningCount: chain.sums.running,
    rerunIds: input.rerunIds,
    app_url: `${baseUrl}/runs/${run.id}`,
    ...(snakeCase && {
      total_count: sums.total,
      passed_count: sums.passed,
      failed_count: sums.failed,
      aborted_count: sums.aborted,
      stopped_count: sums.stopped,
      not_executed_count: sums.notExecuted,
      queued_count: sums.queued,
      running_count: sums.running,
    }),
  };
}

/** Status, result, duration and counts over the chain; every run of it answers the same (contracts/testsigma.md 4.3). */
function consolidatedOf({ run, chain }: RunObjectInput, sums: WireCounts) {
  if (chain === undefined) {
    const duration = run.endedAt === undefined ? null : run.endedAt - run.createdAt;
    return { result: resultWord(run), status: statusWord(run), duration, sums };
  }
  return {
    result: resultWord({ status: chain.status, ...(chain.result === null ? {} : { result: chain.result }) }),
    status: statusWord(chain),
    duration: chain.durationMs,
    // Its results are settled already: what was not executed stays that.
    sums: toWireCounts({ status: 'completed', result: 'passed' }, chain.counts),
  };
}

/** The plan as `execution` shows it (contracts/testsigma.md 3.1, 4.5). */
export function toExecution(plan: Plan, lastRunId: number | null) {
  const { settings } = plan;
  return {
    id: plan.id,
    applicationVersionId: plan.projectId,
    name: plan.name,
    description: plan.description ?? null,
    mailList: null,
    elementTimeOut: settings.elementTimeoutSeconds,
    pageTimeOut: settings.pageTimeoutSeconds,
    environmentId: plan.environment ?? null,
    screenshot: settings.screenshots,
    recoveryAction: settings.recoveryAction,
    onAbortedAction: settings.onAborted,
    onSuitePreRequisiteFail: settings.onSuitePrerequisiteFail,
    onTestCasePreRequisiteFail: settings.onCasePrerequisiteFail,
    onStepPreRequisiteFail: settings.onStepPrerequisiteFail,
    reRunType: planRerunType(plan.rerun),
    executionLabType: plan.executor.type,
    executionType: 'CUSTOM',
    entityType: 'EXECUTION',
    isManual: false,
    lastRunId,
    applicationVersion: null,
    lastRun: null,
    slack: null,
    createdDate: plan.createdAt,
    updatedDate: plan.updatedAt,
    createdById: plan.createdBy,
    updatedById: plan.updatedBy,
    matchBrowserVersion: false,
    visualTestingEnabled: false,
    visualTestResultTimeOut: 2,
    notificationStatusList: [] as string[],
    msTeamsConnectorNotificationEnabled: false,
    googleChatConnectorNotificationEnabled: false,
    slackConnectorNotificationEnabled: false,
    environments: [] as never[],
    retrySessionCreation: false,
    retrySessionCreationTimeout: null,
    hookData: null,
    postHookId: null,
    postPlanHook: null,
  };
}
