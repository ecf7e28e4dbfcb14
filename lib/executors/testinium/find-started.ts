import type { Dispatch } from '../../core/executor.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import type { WireExecution } from './wire.ts';

/** What is known of a start whose answer nobody got: the newest execution there was before it, or when it was sent. */
export type Doubt = { readonly after: number } | { readonly sinceMs: number };

/** Milliseconds two clocks may be apart after they were compared: an HTTP date has whole seconds. */
const slackMs = 2000;

/**
 * The execution an earlier try of the attempt started, if there is one. The wire has no name for it, so it is the first of
 * our user's that came after that try began and is nobody else's here.
 */
export function findStarted(
  executions: readonly WireExecution[],
  doubt: Doubt,
  { username }: SettingsOf<'testinium'>,
  { earlier }: Pick<Dispatch, 'earlier'>,
  taken: ReadonlySet<string>,
): number | undefined {
  const isOurs = (execution: WireExecution): boolean => {
    const by = execution.username ?? username;
    const ref = String(execution.id);
    if (by.toLowerCase() !== username.toLowerCase()) return false;
    return !taken.has(ref) && !earlier.some((attempt) => attempt.ref === ref);
  };
  const isAfter = ({ id, start_date }: WireExecution): boolean => {
    if ('after' in doubt) return id > doubt.after;
    const startedAt = start_date?.at;
    return startedAt !== undefined && startedAt >= doubt.sinceMs - slackMs;
  };
  const found = executions.filter((execution) => isOurs(execution) && isAfter(execution)).map(({ id }) => id);
  return found.length === 0 ? undefined : Math.min(...found);
}
