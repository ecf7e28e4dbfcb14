import { isServiceError } from '../../core/errors.ts';
import { configBody, documentOf, type Plan, type SavedConfig } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { findPlan, missing, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, Principal } from '../message.ts';
import { checkIfMatch, etagOf, notModified } from './etag.ts';
import { readObject } from './read-object.ts';

/** Tries against others who change the same plan at the same moment. */
const rounds = 5;

/** `GET /v1/plans/{planId}/configs`: the plan's saved selections, in its own order. */
export function createListConfigs(services: Services): Handler {
  return async (request, principal) => {
    const plan = await findPlan(services, principal, readParam(request, 'planId'));
    const headers = { etag: etagOf(plan.version) };
    return notModified(request, headers.etag) ?? json(200, { configs: plan.configs }, headers);
  };
}

/** `GET /v1/plans/{planId}/configs/{configId}`. */
export function createGetConfig(services: Services): Handler {
  return async (request, principal) => {
    const [planId, configId] = readIds(request);
    const plan = await findPlan(services, principal, planId);
    const etag = etagOf(plan.version);
    return notModified(request, etag) ?? json(200, findConfig(plan, configId), { etag });
  };
}

/** `POST /v1/plans/{planId}/configs`: 201. The plan gets a new version, as by applying it with the selection added. */
export function createCreateConfig(services: Services): Handler {
  return async (request, principal) => {
    const planId = readParam(request, 'planId');
    const body = await readObject(request, configBody);
    const plan = await changeConfigs(services, principal, request, planId, ({ configs }) => [...configs, body]);
    const config = plan.configs.at(-1);
    const location = `${request.baseUrl}/v1/plans/${plan.id}/configs/${config?.id}`;
    return json(201, config, { etag: etagOf(plan.version), location });
  };
}

/** `PUT /v1/plans/{planId}/configs/{configId}`: the name and query replace the stored ones, the number stays. */
export function createUpdateConfig(services: Services): Handler {
  return async (request, principal) => {
    const [planId, configId] = readIds(request);
    const body = await readObject(request, configBody);
    const plan = await changeConfigs(services, principal, request, planId, (before) => {
      const { id } = findConfig(before, configId);
      return before.configs.map((config) => (config.id === id ? { ...body, id } : config));
    });
    return json(200, findConfig(plan, configId), { etag: etagOf(plan.version) });
  };
}

/** `DELETE /v1/plans/{planId}/configs/{configId}`: runs that were triggered with it keep what it selected. */
export function createDeleteConfig(services: Services): Handler {
  return async (request, principal) => {
    const [planId, configId] = readIds(request);
    await changeConfigs(services, principal, request, planId, (before) => {
      const { id } = findConfig(before, configId);
      return before.configs.filter((config) => config.id !== id);
    });
    return { status: 204, headers: {}, body: '' };
  };
}

/** The next version of the plan, with its selections changed. `If-Match` names the plan's version. */
async function changeConfigs(
  services: Services,
  principal: Principal,
  request: HttpRequest,
  planId: number,
  change: (plan: Plan) => readonly (Omit<SavedConfig, 'id'> & { id?: number })[],
): Promise<Plan> {
  for (let round = 1; ; round++) {
    const plan = await findPlan(services, principal, planId);
    checkIfMatch(request, plan.version);
    const document = { ...documentOf(plan), configs: [...change(plan)] };
    try {
      return await services.plans.updatePlan(plan, document, principal.ownerId, services.now());
    } catch (error) {
      if (!isServiceError(error, 'VERSION_CONFLICT') || round === rounds) throw error;
    }
  }
}

/** Before the body: a path that is wrong is named first. */
function readIds(request: HttpRequest): [planId: number, configId: number] {
  return [readParam(request, 'planId'), readParam(request, 'configId')];
}

function findConfig(plan: Plan, configId: number): SavedConfig {
  const config = plan.configs.find(({ id }) => id === configId);
  if (config === undefined) throw missing('saved configuration', configId);
  return config;
}
