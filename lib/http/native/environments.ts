import type * as z from 'zod/mini';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { Environment, EnvironmentVariable, Services } from '../../core/ports.ts';
import { refuseRepeatedKeys, toStoredVariable } from '../environment-variables.ts';
import { findEnvironment, ownsProject, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, HttpResponse, Principal } from '../message.ts';
import { checkIfMatch, etagOf, notModified } from './etag.ts';
import { readPaging, readProject, toCursor } from './paging.ts';
import { readObject } from './read-object.ts';
import { toTime } from './run-object.ts';
import { environmentBody, environmentChange } from './schemas.ts';

/** `GET /v1/environments?project=&cursor=&limit=`: by id. */
export function createListEnvironments(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after = 0 } = readPaging(request.query, 'environment');
    const project = readProject(request.query);
    const all = (await services.environments.listEnvironments()).filter(
      (environment) =>
        environment.id > after &&
        ownsProject(principal, environment.project) &&
        (project === undefined || environment.project === project),
    );
    const page = all.slice(0, limit);
    const last = all.length > limit ? page.at(-1) : undefined;
    return json(200, {
      environments: page.map(toEnvironmentObject),
      nextCursor: last === undefined ? null : toCursor('environment', last.id),
    });
  };
}

/** `POST /v1/environments`: 201. */
export function createCreateEnvironment(services: Services): Handler {
  return async (request, principal) => {
    const body = await readObject(request, environmentBody, ['variables']);
    if (!ownsProject(principal, body.project)) {
      throw new ServiceError('FORBIDDEN', `The API key is not for the project ${body.project}`);
    }
    refuseRepeatedKeys(body.variables);
    const environment = await services.environments.createEnvironment(
      {
        name: body.name,
        description: body.description ?? null,
        project: body.project,
        variables: body.variables.map((variable, i) => toStoredVariable(variable, i)),
        enabled: body.enabled,
        capacity: body.capacity ?? null,
      },
      principal.ownerId,
      services.now(),
    );
    const answer = answerEnvironment(201, environment);
    const location = `${request.baseUrl}/v1/environments/${environment.id}`;
    return { ...answer, headers: { ...answer.headers, location } };
  };
}

/** `GET /v1/environments/{environmentId}`: secret values are never shown. */
export function createGetEnvironment(services: Services): Handler {
  return async (request, principal) => {
    const environment = await findEnvironment(services, principal, readParam(request, 'environmentId'));
    return notModified(request, etagOf(environment.version)) ?? answerEnvironment(200, environment);
  };
}

/** `PUT /v1/environments/{environmentId}`: replaces all of it; a variable without a value keeps the stored one. */
export function createUpdateEnvironment(services: Services): Handler {
  return async (request, principal) => {
    const environment = await findChangeable(services, request, principal);
    checkIfMatch(request, environment.version);
    const { name, description, project, variables, enabled, capacity } = await readObject(request, environmentChange, [
      'variables',
    ]);
    // Plans and keys of the old project would lose or gain it unseen.
    if (project !== undefined && project !== environment.project)
      throw invalidField('project', `cannot change: it is ${environment.project}`, project);
    refuseRepeatedKeys(variables);
    const changed: Environment = {
      ...environment,
      name,
      description: description ?? null,
      variables: mergeVariables(environment.variables, variables),
      enabled,
      capacity: capacity ?? null,
      version: environment.version + 1,
      updatedAt: services.now(),
      updatedBy: principal.ownerId,
    };
    await services.environments.putEnvironment(changed);
    return answerEnvironment(200, changed);
  };
}

/** `DELETE /v1/environments/{environmentId}`. */
export function createDeleteEnvironment(services: Services): Handler {
  return async (request, principal) => {
    const environment = await findChangeable(services, request, principal);
    checkIfMatch(request, environment.version);
    await services.environments.deleteEnvironment(environment);
    return { status: 204, headers: {}, body: '' };
  };
}

/** All plans of the project may use it: who is for some of them only may read it. */
async function findChangeable(services: Services, request: HttpRequest, principal: Principal): Promise<Environment> {
  const environment = await findEnvironment(services, principal, readParam(request, 'environmentId'));
  if (principal.planIds === null) return environment;
  throw new ServiceError('FORBIDDEN', 'The API key is for some plans only, and an environment is for all of a project');
}

/** A secret that is kept stays a secret: nobody reads it out by making it public. */
function mergeVariables(
  stored: readonly EnvironmentVariable[],
  wanted: z.output<typeof environmentChange>['variables'],
): EnvironmentVariable[] {
  let lastId = Math.max(0, ...stored.map(({ id }) => id));
  return wanted.map((given, i) => {
    const before = stored.find((variable) => variable.key === given.key);
    const secret = given.secret ?? before?.secret;
    if (given.value == null && given.valueFrom == null && before !== undefined) {
      if (before.secret && secret === false)
        throw invalidField(`variables[${i}].secret`, 'stays true unless a new value is given');
      return { ...before, secret: secret ?? false };
    }
    if (before === undefined) lastId += 1;
    return { id: before?.id ?? lastId, ...toStoredVariable(given.valueFrom == null ? { ...given, secret } : given, i) };
  });
}

function answerEnvironment(status: 200 | 201, environment: Environment): HttpResponse {
  return json(status, toEnvironmentObject(environment), { etag: etagOf(environment.version) });
}

function toEnvironmentObject({ variables, projectId: _, createdAt, updatedAt, ...environment }: Environment) {
  return {
    ...environment,
    variables: variables.map(({ id, key, value, valueFrom, secret }) => {
      return { id, key, value: secret ? null : value, valueFrom: valueFrom ?? null, secret };
    }),
    createdAt: toTime(createdAt),
    updatedAt: toTime(updatedAt),
  };
}
