import createClient from 'openapi-fetch';
import type { components, paths } from '../lib/client/api-types.ts';
import { base, href } from './core/router.ts';
import { dropRefused, readSession } from './core/session.ts';

/** The client takes lists that are read-only for objects, so it gets the types without. */
type Plain<T> = T extends readonly (infer E)[]
  ? Plain<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;

type Schemas = Plain<components['schemas']>;
export type Run = Schemas['Run'];
export type Counts = NonNullable<Run['counts']>;
export type Case = Schemas['Cases']['cases'][number];
export type Iteration = Case['iterations'][number];
export type Attempt = Schemas['Attempts']['attempts'][number];
export type Explanation = Schemas['Explanation'];
export type TriggerBody = Schemas['TriggerBody'];

/** A refusal, or that there was no answer, in words for people. */
export interface Problem {
  /** 0 if there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly sentence: string;
  /** To find the request in the log. */
  readonly requestId: string | null;
}

/** No call takes so long: the connection is dead, though nobody said so. */
const answerMs = 60_000;

function fetchInTime(request: Request): Promise<Response> {
  return fetch(new Request(request, { signal: inTime(request.signal) }));
}

function inTime(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(answerMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/** The native API, as its document describes it. The key travels in a header only. */
export const api = createClient<Plain<paths>>({ baseUrl: base, cache: 'no-store', fetch: fetchInTime });
api.use({
  onRequest({ request }) {
    const { key } = readSession();
    if (key !== null && !request.headers.has('authorization')) request.headers.set('authorization', `Bearer ${key}`);
    return request;
  },
  onResponse({ request, response }) {
    const { key } = readSession();
    // The form tries a key that is not in use yet, and says itself that it is refused.
    if (request.headers.get('authorization') === `Bearer ${key}`) dropIfRefused(response, key);
  },
});

/** The data of an answer; throws a Problem if there is none. */
export async function need<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    throw isProblem(cause) ? cause : unreachable;
  });
  if (response.ok && data !== undefined) return data;
  throw toProblem(error, response);
}

/** What the API has no types for. */
export async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  return (await fetchPath(path, signal)).json();
}

/** A text of the API, as the output of an attempt. */
export async function getText(path: string, signal: AbortSignal): Promise<string> {
  return (await fetchPath(path, signal)).text();
}

/** A file of the API that wants the key: fetched with it, then handed to the browser to keep. */
export async function download(path: string, fileName: string): Promise<void> {
  const response = await fetchPath(path);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function fetchPath(path: string, signal?: AbortSignal): Promise<Response> {
  const { key } = readSession();
  const init = { headers: { authorization: `Bearer ${key}` }, cache: 'no-store' as const, signal: inTime(signal) };
  const response = await fetch(href(path), init).catch(() => {
    throw unreachable;
  });
  dropIfRefused(response, key);
  if (!response.ok) throw toProblem(await response.json().catch(() => undefined), response);
  return response;
}

function dropIfRefused({ status }: Response, key: string | null): void {
  if (status === 401) dropRefused(key, 'The key is unknown, revoked or expired. Sign in with another one.');
}

/** What was thrown, as a Problem; a bug of the page is told as one. */
export function asProblem(error: unknown): Problem {
  if (isProblem(error)) return error;
  console.error(error);
  return { status: -1, code: 'PAGE', sentence: 'Something in this page went wrong. Load it again.', requestId: null };
}

const unreachable: Problem = {
  status: 0,
  code: 'UNREACHABLE',
  sentence: 'Proctor cannot be reached.',
  requestId: null,
};

/** Another try may succeed. */
export function isPassing({ status }: Problem): boolean {
  return status === 0 || status === 429 || status >= 500;
}

/** Of a call that is repeated by itself. */
export function withRetry(problem: Problem): Problem {
  if (!isPassing(problem)) return problem;
  return { ...problem, sentence: `${problem.sentence} It is asked again every few seconds.` };
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'sentence' in error;
}

function toProblem(error: unknown, { status }: Response): Problem {
  const { detail, code, requestId, errors } = (error ?? {}) as Partial<Schemas['Problem']>;
  const fields = (errors ?? []).map(({ field, message }) => `${field} ${message}`).join('; ');
  const text = detail ?? `Proctor answered with status ${status}`;
  const sentence = fields === '' || text.includes(fields) ? text : `${text}: ${fields}`;
  return { status, code: code ?? 'UNKNOWN', sentence: endWithPeriod(sentence), requestId: requestId ?? null };
}

function endWithPeriod(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
