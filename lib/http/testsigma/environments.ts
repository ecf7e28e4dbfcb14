import * as z from 'zod/mini';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { Environment, Services } from '../../core/ports.ts';
import { id, parse } from '../../core/schema.ts';
import { secretReference } from '../../core/secret-reference.ts';
import { refuseRepeatedKeys, toStoredVariable } from '../environment-variables.ts';
import { findEnvironment, ownsProject, readParam } from '../find.ts';
import { readJson } from '../json.ts';
import type { Handler, Principal } from '../message.ts';
import { answerJson } from './answer.ts';
import { type PageRequest, readPageRequest, toPage } from './page.ts';
import { isName } from './trigger-request.ts';

/** `GET /api/v1/environments` (contracts/testsigma.md 3.14): all the key may see. */
export function createListEnvironments(services: Services): Handler {
  return async ({ query }, principal) => {
    const page = readPageRequest(query);
    const found = (await services.environments.listEnvironments()).filter(({ project }) =>
      ownsProject(principal, project),
    );
    found.sort(orderOf(page));
    const from = page.page * page.size;
    return answerJson(toPage(page, found.slice(from, from + page.size).map(toObject), found.length));
  };
}

/** `GET /api/v1/environments/{id}`. */
export function createGetEnvironment(services: Services): Handler {
  return async (request, principal) =>
    answerJson(toObject(await findEnvironment(services, principal, readParam(request, 'id'))));
}

/** `POST /api/v1/environments`: 201. A value by reference needs the scope that may write plans: it decides what is read. */
export function createCreateEnvironment(services: Services): Handler {
  return async (request, principal) => {
    const { name, description, projectId, variables } = parse(bodySchema, readJson(request) ?? {}, ['variables']);
    const given = (variables ?? []).map(({ isEncrypted, ...variable }, i) =>
      toStoredVariable({ ...variable, secret: isEncrypted }, i, 'isEncrypted'),
    );
    refuseRepeatedKeys(given);
    if (given.some(({ valueFrom }) => valueFrom !== undefined) && !principal.scopes.has('PLAN_EDIT')) {
      throw new ServiceError('FORBIDDEN', 'The API key lacks the scope PLAN_EDIT, which a value by reference needs');
    }
    const environment = await services.environments.createEnvironment(
      {
        name,
        description: description ?? null,
        project: await chooseProject(services, principal, projectId ?? undefined),
        variables: given,
      },
      principal.ownerId,
      services.now(),
    );
    return { ...answerJson(toObject(environment)), status: 201 };
  };
}

const text = (most: number) =>
  z
    .string({ error: 'must be text' })
    // The table refuses half a surrogate pair, and no process takes a variable with NUL in it.
    .check(z.maxLength(most), z.regex(/^[^\p{Cs}\0]*$/u, { error: 'must be valid Unicode' }));
const absent = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));

const bodySchema = z.object(
  {
    name: text(255).check(z.minLength(1)),
    description: absent(text(2000)),
    projectId: absent(id),
    variables: absent(
      z
        .array(
          z.object({
            key: text(255).check(z.refine(isName, { error: 'must be a name without an equals sign' })),
            value: absent(text(4096)),
            valueFrom: absent(secretReference),
            isEncrypted: absent(z.boolean({ error: 'must be true or false' })),
          }),
          { error: 'must be an array' },
        )
        .check(z.maxLength(200)),
    ),
  },
  { error: 'must be a JSON object' },
);

/** The project named by its number, else the key's only one, else `default`. */
async function chooseProject(services: Services, principal: Principal, projectId: number | undefined): Promise<string> {
  if (projectId !== undefined) {
    const named = (await services.plans.listProjects()).find((project) => project.id === projectId);
    if (named !== undefined && ownsProject(principal, named.name)) return named.name;
    throw invalidField('projectId', 'names no project the API key may use', projectId);
  }
  const [own, ...others] = principal.projects ?? [];
  const project = own !== undefined && others.length === 0 ? own : 'default';
  if (ownsProject(principal, project)) return project;
  throw invalidField('projectId', 'is required: the API key is for several projects');
}

function toObject(environment: Environment) {
  const { projectId } = environment;
  const dates = { createdDate: environment.createdAt, updatedDate: environment.updatedAt };
  return {
    id: environment.id,
    name: environment.name,
    description: environment.description,
    projectId,
    createdById: environment.createdBy,
    updatedById: environment.updatedBy,
    ...dates,
    variables: environment.variables.map(({ id, key, value, valueFrom, secret }) => ({
      id,
      key,
      value: secret ? null : value,
      ...(valueFrom === undefined ? {} : { valueFrom }),
      isEncrypted: secret,
      projectId,
      isDefault: null,
      ...dates,
    })),
  };
}

function orderOf({ sortBy, ascending }: PageRequest): (a: Environment, b: Environment) => number {
  const sign = ascending ? 1 : -1;
  if (sortBy === 'id') return (a, b) => sign * (a.id - b.id);
  return (a, b) => sign * (a.createdAt - b.createdAt || a.id - b.id);
}
