import type { Services } from '../../core/ports.ts';
import { membersOf } from '../../workflow/group-members.ts';
import { type RunView, readAttempts, readRunView } from '../../workflow/read-run.ts';

/**
 * The children's runs of a parent's run, in the order of its plan (contracts/testinium.md 4.4); undefined if the run is no
 * parent's. Empty until they were started, moments after the parent was.
 */
export async function readGroup(services: Services, { run, plan }: RunView): Promise<readonly RunView[] | undefined> {
  if (plan.executor.type !== 'group') return undefined;
  const ref = (await readAttempts(services, run)).at(-1)?.ref ?? '';
  const ids = membersOf(ref).flatMap(({ runId }) => (runId === 0 ? [] : runId));
  const runs = await services.runs.getRuns(ids);
  return Promise.all(runs.map((child) => readRunView(services, child)));
}
