import type { Plan } from '../../core/plan.ts';
import { json } from '../json.ts';
import type { HttpRequest, HttpResponse } from '../message.ts';
import { etagOf } from './etag.ts';

/** A plan as the native API shows it: the document and what the service knows of it. Its variables are no secrets. */
function toPlanObject(plan: Plan, { baseUrl }: Pick<HttpRequest, 'baseUrl'>) {
  const { id, version, name, project, projectId: _, createdAt, updatedAt, createdBy, updatedBy, ...document } = plan;
  return {
    id,
    version,
    name,
    project,
    ...document,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    createdBy,
    updatedBy,
    links: { self: `${baseUrl}/v1/plans/${id}`, runs: `${baseUrl}/v1/runs?plan=${id}` },
  };
}

/** One line of the list: what tells plans apart, without their cases. */
export function toPlanSummary(plan: Plan, { baseUrl }: Pick<HttpRequest, 'baseUrl'>) {
  const { id, version, name, project, enabled, executor, overlap, environment, suites, updatedAt } = plan;
  return {
    id,
    version,
    name,
    project,
    enabled,
    executor: { type: executor.type },
    overlap: overlap ?? null,
    environment: environment ?? null,
    cases: suites.reduce((sum, suite) => sum + suite.cases.length, 0),
    updatedAt: new Date(updatedAt).toISOString(),
    links: { self: `${baseUrl}/v1/plans/${id}` },
  };
}

export function answerPlan(status: 200 | 201, plan: Plan, request: HttpRequest): HttpResponse {
  const answer = json(status, toPlanObject(plan, request), { etag: etagOf(plan.version) });
  if (status === 200) return answer;
  return { ...answer, headers: { ...answer.headers, location: `${request.baseUrl}/v1/plans/${plan.id}` } };
}
