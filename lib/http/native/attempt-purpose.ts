import type { AttemptRequest } from '../../core/ports.ts';
import { plural } from '../../core/words.ts';
import type { RunView } from '../../workflow/read-run.ts';

/** What an attempt was made for. */
export interface AttemptPurpose {
  readonly why: 'first' | AttemptRequest['why'];
  /** "stage 2: 14 cases whose prerequisites passed". */
  readonly purpose: string;
}

/** Why the run made the attempt, from its requests, the first attempt's included if the run goes in stages. */
export function purposeOf(
  { run, plan }: Pick<RunView, 'run' | 'plan'>,
  requests: readonly AttemptRequest[],
  attempt: number,
): AttemptPurpose {
  const request = requests.find((candidate) => candidate.attempt === attempt);
  if (request === undefined) return { why: 'first', purpose: 'everything the run asks for' };
  const count = request.requested?.length;
  const cases = count === undefined ? 'everything the run asks for' : plural(count, 'case');
  const nth = requests.filter(({ why, attempt: other }) => why === request.why && other <= attempt).length;
  if (request.why === 'redispatch') {
    const what = count === undefined ? cases : `${cases} that it had left`;
    const purpose = `redispatch ${nth} of ${run.redispatch.max}, in place of attempt ${attempt - 1}: ${what}`;
    return { why: 'redispatch', purpose };
  }
  if (request.why === 'rerun') {
    return { why: 'rerun', purpose: `automatic rerun ${nth} of ${run.rerun.max}: ${cases} that had not passed` };
  }
  if (attempt === 1) return { why: 'first', purpose: `stage 1: ${cases} without prerequisites` };
  const { onCasePrerequisiteFail, onSuitePrerequisiteFail } = plan.settings;
  const goesOn = [onCasePrerequisiteFail, onSuitePrerequisiteFail].includes('Continue');
  return { why: 'stage', purpose: `stage ${nth}: ${cases} whose prerequisites ${goesOn ? 'are over' : 'passed'}` };
}
