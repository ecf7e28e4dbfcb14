import { type Run, resultIdAt } from '../../core/run.ts';
import type { RunView } from '../../workflow/read-run.ts';
import { errorCodeOf, summarize, sumUp, toStatusCounts } from './levels.ts';
import type { TestiniumSettings } from './settings.ts';

/** How a path writes times: ISO dates, or epoch milliseconds under `/testExecutions` and `/testResults` (T21). */
export type WriteTime = (epochMs: number) => string | number;

/** Name of the key that started the run; undefined if none did. */
export type Starter = { readonly id: number; readonly name: string } | undefined;

/** An execution with what is beside its run. */
export interface Execution {
  readonly view: RunView;
  readonly starter: Starter;
  /** The runs of its children, if it is a parent's. */
  readonly children: readonly RunView[] | undefined;
}

/** The part of an execution both shapes have (contracts/testinium.md 3.6). It begins with the run's acceptance. */
export function toExecutionFields(
  { view, starter, children }: Execution,
  settings: TestiniumSettings,
  write: WriteTime,
) {
  const { run } = view;
  const summary =
    children === undefined
      ? summarize(run, view.cases, settings)
      : sumUp(
          run,
          children.map((child) => summarize(child.run, child.cases, settings)),
          settings,
        );
  const groupId = children === undefined ? run.groupId : run.id;
  const code = errorCodeOf(run);
  return {
    id: run.id,
    ...(starter === undefined ? {} : { user_id: starter.id, username: starter.name }),
    company_id: settings.company.id,
    project_id: run.projectId,
    project_name: run.project,
    plan_id: run.planId,
    plan_name: run.planName,
    runtime: run.endedAt === undefined ? 0 : run.endedAt - run.createdAt,
    result_summary: summary,
    start_date: write(run.createdAt),
    ...(run.endedAt === undefined ? {} : { end_date: write(run.endedAt) }),
    test_result_status_counts: toStatusCounts(summary),
    ...(code === undefined ? {} : { error_code: code, error_definition: run.explanation ?? code }),
    ...(groupId === undefined ? {} : { group_id: groupId }),
    ...(children === undefined ? {} : { child_executions: children.map((child) => child.run.id) }),
  };
}

/** Ids of its results, a parent's those of its children; a case that was only just learnt is left out until it has one. */
export function resultIdsOf({ view, children }: Pick<Execution, 'view' | 'children'>): number[] {
  if (children !== undefined) return children.flatMap((child) => resultIdsOf({ view: child, children: undefined }));
  const { run, cases } = view;
  return cases.map(({ position }) => resultIdAt(run, position)).filter((id) => id > 0);
}

/** Keys start runs through the APIs; a schedule or an event has no user. */
export function isStartedByKey({ trigger }: Pick<Run, 'trigger'>): boolean {
  return trigger.type === 'api' || trigger.type === 'manual';
}
