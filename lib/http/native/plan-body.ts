import { parseDocument } from 'yaml';
import { invalidField, isServiceError, ServiceError } from '../../core/errors.ts';
import { type PlanDocument, parsePlan } from '../../core/plan.ts';
import type { Environment, Services } from '../../core/ports.ts';
import { readBody, readJson } from '../json.ts';
import type { HttpRequest } from '../message.ts';
import { checkSchedules } from './check-schedules.ts';

/** Throws VALIDATION_FAILED naming the field if requests can never be sent to the URL. */
export type CheckUrl = (url: string, field?: string) => void;

/** Unpacked: gzip carries plans of many thousand cases. */
const maxBytes = 4 * 1024 * 1024;
/** Aliases a document may use; each may repeat all of it. */
const maxAliasCount = 20;

/**
 * The plan in the body: JSON, or YAML where the content type says so or the text does not start with `{`. Throws
 * INVALID_JSON for what is neither, VALIDATION_FAILED naming every wrong field.
 */
export async function readPlan(request: HttpRequest): Promise<PlanDocument> {
  const body = await readBody(request, { maxBytes });
  const value = isYaml(request, body) ? readYaml(body) : readJson({ body });
  return parsePlan(value === undefined || value === null ? {} : value);
}

/** Refuses what no run of the plan could work with: URLs, an executor of another mode, what its project or its schedules lack. */
export async function checkPlan(services: Services, document: PlanDocument, checkUrl: CheckUrl): Promise<void> {
  const { executor, environment, machines, project, notify, commitStatus, triggers } = document;
  if (executor.type === 'http') {
    for (const field of ['url', 'statusUrl', 'stopUrl'] as const) {
      const url = executor[field];
      if (url !== undefined) checkUrl(url, `executor.${field}`);
    }
  }
  if (executor.type === 'github-actions') checkUrl(executor.apiUrl, 'executor.apiUrl');
  if (commitStatus?.apiUrl !== undefined) checkUrl(commitStatus.apiUrl, 'commitStatus.apiUrl');
  if (executor.type === 'testsigma') checkUrl(executor.url, 'executor.url');
  if (executor.type === 'testinium') {
    checkUrl(executor.url, 'executor.url');
    if (executor.tokenUrl !== undefined) checkUrl(executor.tokenUrl, 'executor.tokenUrl');
  }
  notify.forEach(({ url }, i) => {
    checkUrl(url, `notify[${i}].url`);
  });
  try {
    services.executors(executor.type);
  } catch (error) {
    if (isServiceError(error, 'EXECUTOR_REFUSED')) throw invalidField('executor.type', error.message, executor.type);
    throw error;
  }
  if (executor.type === 'group') await checkChildren(services, project, executor.children);
  await checkEnvironment(services, project, 'environment', environment);
  await Promise.all([
    ...machines.map((machine, i) =>
      checkEnvironment(services, project, `machines[${i}].environment`, machine.environment),
    ),
    ...triggers.events.map((trigger, i) =>
      checkEnvironment(services, project, `triggers.events[${i}].environment`, trigger.environment),
    ),
  ]);
  await checkSchedules(services, document);
}

/** Plans of the same project, one level deep: a parent has no parents among its children. */
async function checkChildren(services: Services, project: string, children: readonly number[]): Promise<void> {
  await Promise.all(
    children.map(async (id, i) => {
      const plan = await services.plans.getPlan(id);
      const field = `executor.children[${i}]`;
      if (plan?.project !== project) throw invalidField(field, `is no plan of the project ${project}`, id);
      if (plan.executor.type === 'group') throw invalidField(field, 'is a parent itself', id);
    }),
  );
}

async function checkEnvironment(services: Services, project: string, field: string, id?: number): Promise<void> {
  if (id === undefined) return;
  const found: Environment | undefined = await services.environments.getEnvironment(id);
  if (found?.project === project) return;
  throw new ServiceError('UNKNOWN_ENVIRONMENT', `${field}: project ${project} has no environment ${id}`, {
    fields: [{ field, message: 'is no environment of the project', rejectedValue: id }],
  });
}

function isYaml({ headers }: HttpRequest, body: Uint8Array): boolean {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (/^(?:application|text)\/(?:x-)?yaml$/.test(type)) return true;
  return !/^\s*(?:\{|\[|$)/.test(
    Buffer.from(body.subarray(0, 64))
      .toString('latin1')
      .replace(/^\u00ef\u00bb\u00bf/, ''),
  );
}

/** Whatever YAML holds passes the gate of JSON afterwards: depth, keys that reach prototypes. */
function readYaml(body: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalidYaml('it is not UTF-8');
  }
  if (isTooDeep(text)) throw invalidYaml('it is nested deeper than 32 levels');
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true, prettyErrors: true, logLevel: 'error' });
  const [error] = document.errors;
  // Not the parser's own message: it quotes the line, which may hold secrets.
  if (error) throw invalidYaml(`line ${error.linePos?.[0].line ?? 1} is not understood (${error.code})`);
  let compact: string | undefined;
  try {
    compact = JSON.stringify(document.toJS({ maxAliasCount }));
  } catch {
    throw invalidYaml('it uses too many aliases, or keys that are no text');
  }
  if ((compact?.length ?? 0) > maxBytes) throw invalidYaml(`it is larger than ${maxBytes} bytes without aliases`);
  return readJson({ body: Buffer.from(compact ?? '') });
}

/**
 * A cheap bound before the parser, whose stack grows with the depth: brackets open at once, indicators of one line, and
 * columns of indentation that grow line by line.
 */
function isTooDeep(text: string): boolean {
  let open = 0;
  const columns: number[] = [];
  for (const line of text.split('\n')) {
    const [indent = ''] = /^ */.exec(line) ?? [];
    const [dashes = ''] = /^(?:[-?:] +)*/.exec(line.slice(indent.length)) ?? [];
    if (dashes.length > 64) return true;
    if (line.trim() !== '') {
      while ((columns.at(-1) ?? -1) >= indent.length) columns.pop();
      columns.push(indent.length);
      if (columns.length > 32) return true;
    }
    for (const character of line) {
      if (character === '[' || character === '{') open += 1;
      else if ((character === ']' || character === '}') && open > 0) open -= 1;
      if (open > 32) return true;
    }
  }
  return false;
}

function invalidYaml(reason: string): ServiceError {
  return new ServiceError('INVALID_JSON', `The body is not valid YAML: ${reason}`);
}
