import * as z from 'zod/mini';
import type { EgressResponse } from '../../adapters/egress.ts';
import { isServiceError, ServiceError } from '../../core/errors.ts';
import type { GithubApi, Settings } from './github-api.ts';
import { parsed } from './workflow-runs.ts';

const details = z.object({ workflow_run_id: z.int().check(z.gte(1)), html_url: z.catch(z.string(), '') });

/** Until the list of runs surely shows one that was just dispatched, in seconds. */
const listedSeconds = 15;

/**
 * Starts the workflow. Answers its run where GitHub tells it (`return_run_details`, since February 2026), undefined where it
 * does not. Nobody knows whether a call that broke off started one, so the next try comes once the list would show it.
 * https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event
 */
export async function dispatchWorkflow(
  api: GithubApi,
  settings: Settings,
  inputs: Readonly<Record<string, string>>,
): Promise<{ id: number; link: string } | undefined> {
  const path = `/actions/workflows/${settings.workflow}/dispatches`;
  const body = { ref: settings.ref, inputs };
  const send = async (message: object): Promise<EgressResponse> => {
    try {
      return await api.call(settings, 'POST', path, message);
    } catch (error) {
      if (!isServiceError(error, 'EXECUTOR_UNAVAILABLE')) throw error;
      const retryAfterSeconds = Math.max(listedSeconds, error.retryAfterSeconds ?? 0);
      throw new ServiceError('EXECUTOR_UNAVAILABLE', error.message, { retryAfterSeconds });
    }
  };
  let response = await send({ ...body, return_run_details: true });
  // Enterprise servers before 3.21 do not know the member, and refuse what they do not know.
  if (response.status === 400) response = await send(body);
  if (response.status === 204) return undefined;
  if (response.status !== 200) throw refusal(settings, response, Object.keys(inputs));
  const { workflow_run_id: id, html_url: link } = parsed(details, response);
  return { id, link };
}

/** GitHub's own words are not shown: they may repeat what was sent. */
function refusal({ repository, workflow, ref }: Settings, { status }: EgressResponse, names: string[]): ServiceError {
  const why =
    status === 404
      ? `there is no workflow ${workflow} in ${repository}, or the token may not see it`
      : `${workflow} must be there at ${ref}, run on workflow_dispatch, and declare the inputs ${names.join(', ')} and require no others`;
  return new ServiceError('EXECUTOR_REFUSED', `GitHub refused to start the workflow (status ${status}): ${why}.`);
}
