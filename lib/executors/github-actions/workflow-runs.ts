import * as z from 'zod/mini';
import type { EgressResponse } from '../../adapters/egress.ts';
import { type GithubApi, jsonOf, notUnderstood, type Settings } from './github-api.ts';

/** A run of the workflow, as far as we need it. `status` and `conclusion` are GitHub's words; new ones may come. */
export type WorkflowRun = z.output<typeof workflowRun>;

const workflowRun = z.object({
  id: z.int().check(z.gte(1)),
  status: z.nullable(z.string()),
  conclusion: z.nullable(z.string()),
  html_url: z.string(),
  display_title: z.catch(z.string(), ''),
});
const runList = z.object({ workflow_runs: z.array(workflowRun) });

/** GitHub lists a thousand of a filtered list at most. */
const pages = 10;
const perPage = 100;
/** How far GitHub's clock may be behind ours, in milliseconds: what is safe must not depend on clocks. */
const skewMs = 26 * 3_600_000;

/** The run, or undefined if GitHub knows none of this id. */
export async function getRun(api: GithubApi, settings: Settings, id: number): Promise<WorkflowRun | undefined> {
  const response = await api.call(settings, 'GET', `/actions/runs/${id}`);
  if (response.status === 404 || response.status === 410) return undefined;
  return parsed(workflowRun, response);
}

/**
 * The run of the workflow that was dispatched with the marker, and not before `since` (epoch milliseconds): the workflow's
 * `run-name` shows it. Of several, the first.
 */
export async function findRun(
  api: GithubApi,
  settings: Settings,
  marker: string,
  since: number,
): Promise<WorkflowRun | undefined> {
  const created = encodeURIComponent(`>=${new Date(since - skewMs).toISOString().replace(/\.\d+Z$/, 'Z')}`);
  const list = `/actions/workflows/${settings.workflow}/runs?event=workflow_dispatch&created=${created}&per_page=${perPage}`;
  for (let page = 1; page <= pages; page++) {
    const response = await api.call(settings, 'GET', `${list}&page=${page}`);
    // A workflow that is not there has no runs; its dispatch says so.
    if (response.status === 404) return undefined;
    const { workflow_runs: runs } = parsed(runList, response);
    // Newest first, so the last one found is the oldest.
    const found = runs.findLast(({ display_title: title }) => title.split(/[^A-Za-z0-9-]+/).includes(marker));
    if (found !== undefined || runs.length < perPage) return found;
  }
  return undefined;
}

/** What people may follow: no scheme that runs code. */
export function linkOf(url: string): string | undefined {
  return /^https?:\/\/[^\s"'<>]{1,2000}$/.test(url) ? url : undefined;
}

export function parsed<T extends z.ZodMiniType>(schema: T, response: EgressResponse): z.output<T> {
  if (response.status !== 200) throw notUnderstood();
  const outcome = z.safeParse(schema, jsonOf(response));
  if (!outcome.success) throw notUnderstood();
  return outcome.data;
}
