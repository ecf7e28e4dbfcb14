import { ServiceError } from '../../core/errors.ts';
import type { Dispatch } from '../../core/executor.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import { callbackUrlOf } from './callback-url.ts';
import { garbage, nameStatus, type Tenant, type TenantAnswer } from './tenant.ts';
import { readRunAnswer } from './wire.ts';

type Settings = SettingsOf<'testinium'>;

/**
 * What became of a start: `started`, its id if the tenant said it; `busy`, nothing started, worth another try by the plan's
 * policy; `unknownScenarios`, nothing started because the plan's last execution has changed.
 */
export type StartAnswer =
  | { readonly outcome: 'started'; readonly id: number | undefined }
  | { readonly outcome: 'busy'; readonly why: string }
  | { readonly outcome: 'unknownScenarios' };

/** The answer may take 25 s (contracts/testinium.md 3.1). */
const startMs = 25_000;

/**
 * Asks the tenant to run the plan, or to rerun the scenarios. `Idempotency-Key` makes a repeat harmless where the tenant
 * knows it, as another Proctor does. Final refusals are EXECUTOR_REFUSED.
 */
export async function startExecution(
  tenant: Tenant,
  settings: Settings,
  dispatch: Dispatch,
  scenarios: readonly number[] | undefined,
  until: number,
): Promise<StartAnswer> {
  const verb = scenarios === undefined ? 'run the plan' : 'rerun scenarios of the plan';
  const plan = `/plans/${encodeURIComponent(settings.planId)}`;
  const common = { verb, headers: { 'idempotency-key': dispatch.key }, timeoutMs: startMs };
  // GET, as both of the vendor's pages have it. The vendor's rerun knows no callback and ignores it.
  const query = queryOf(settings, dispatch);
  const answer =
    scenarios === undefined
      ? await tenant.call(settings, { ...common, path: `${plan}/run/${settings.force}${query}` }, until)
      : await tenant.call(
          settings,
          { ...common, method: 'POST', path: `${plan}/rerun${query}`, json: scenarios },
          until,
        );
  return readAnswer(answer, verb, settings, scenarios !== undefined);
}

function queryOf({ url }: Settings, { callback }: Dispatch): string {
  const callbackUrl = callbackUrlOf(callback, url);
  return callbackUrl === undefined ? '' : `?callbackUrl=${encodeURIComponent(callbackUrl)}`;
}

function readAnswer(
  { status, body, code }: TenantAnswer,
  verb: string,
  settings: Settings,
  isRerun: boolean,
): StartAnswer {
  if (status === 404 && isRerun && (code === 'SCENARIO_NOT_FOUND' || code === 'EXECUTION_NOT_FOUND')) {
    return { outcome: 'unknownScenarios' };
  }
  if (status !== 200 && status !== 409) {
    const what = status === 404 ? `It shows its user no plan ${JSON.stringify(settings.planId)}` : 'It refused';
    throw refused(`The tenant was asked to ${verb}. ${what}: ${nameStatus(status, code)}.`);
  }
  const answer = readRunAnswer(body ?? {}, verb);
  if (status === 409 || answer.already_running) {
    const id = answer.running_execution_id;
    return { outcome: 'busy', why: `The tenant's plan is running already${id ? ` as execution ${id}` : ''}` };
  }
  if (answer.successful ?? answer.succesful ?? false) {
    return { outcome: 'started', id: answer.execution_id ?? undefined };
  }
  if (answer.successful === undefined && answer.succesful === undefined) {
    throw garbage(verb, 'it does not say whether the plan was started');
  }
  const unavailable = answer.unavailable_env_list ?? [];
  if (unavailable.length > 0) {
    const ids = unavailable.map(({ id }) => id).join(', ');
    const named = unavailable.length === 1 ? 'environment' : 'environments';
    return { outcome: 'busy', why: `The tenant has no free slot in ${named} ${ids}` };
  }
  throw refused(`The tenant was asked to ${verb} and did not start it${code === undefined ? '' : `: ${code}`}.`);
}

function refused(message: string): ServiceError {
  return new ServiceError('EXECUTOR_REFUSED', message);
}
