import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { strToU8, zipSync } from 'fflate';
import { listen } from './listen.ts';

/** What a job of a workflow sees, and what it leaves. */
export interface Job {
  readonly inputs: Readonly<Record<string, string>>;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
}
export interface JobEnd {
  readonly conclusion: string;
  /** Files by artifact. An archive may be given as its bytes. */
  readonly artifacts?: Readonly<Record<string, Readonly<Record<string, string>> | Uint8Array>>;
}

export interface Workflow {
  /** Declared under `on.workflow_dispatch.inputs`: whether it is required. */
  readonly inputs: Readonly<Record<string, { readonly required: boolean }>>;
  /** `run-name`; the workflow's own name without one. */
  readonly runName?: (inputs: Readonly<Record<string, string>>) => string;
  readonly job: (job: Job) => Promise<JobEnd>;
}

export interface WorkflowRun {
  readonly id: number;
  readonly workflow: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly title: string;
  readonly createdAt: number;
  status: string;
  conclusion: string | null;
  cancels: string[];
}

export interface CommitStatus {
  readonly sha: string;
  readonly repository: string;
  readonly state: string;
  readonly context: string;
  readonly description: string;
  readonly target_url: string;
}

export interface Called {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
const notFound: Answer = { status: 404, body: { message: 'Not Found' } };

export type FakeGithub = Awaited<ReturnType<typeof startFakeGithub>>;

/**
 * GitHub's REST API as far as Proctor speaks it, by its documentation, on loopback: dispatches really run the job they are
 * given, artifacts are zips behind a redirect to another origin.
 * https://docs.github.com/rest/actions/workflows, workflow-runs, artifacts, https://docs.github.com/rest/commits/statuses
 */
export async function startFakeGithub(given: { readonly repository?: string; readonly token?: string } = {}) {
  const { repository = 'acme/shop', token = 'github_pat_canary' } = given;
  const workflows = new Map<string, Workflow>();
  const runs: WorkflowRun[] = [];
  const artifacts: { id: number; runId: number; name: string; zip: Uint8Array; expired: boolean }[] = [];
  const statuses: CommitStatus[] = [];
  const calls: Called[] = [];
  const downloads: { authorization: string | undefined }[] = [];
  const aborts = new Map<number, AbortController>();
  const tickets = new Map<string, Uint8Array>();
  const ended: Promise<void>[] = [];
  let nextId = 9_000_000_001;

  const world = {
    origin: '',
    blobOrigin: '',
    token,
    repository,
    workflows,
    runs,
    artifacts,
    statuses,
    calls,
    downloads,
    /** Dispatches answer the run's id; else they refuse the member they do not know and answer 204. */
    tellsRunIds: true,
    /** Runs are not in lists yet. */
    hidesRuns: false,
    /** Cancelling does not reach the jobs; by force it does. */
    deaf: false,
    /** Requests that are left, and when there are more, in seconds since 1970. */
    limit: undefined as { remaining: number; reset: number } | undefined,
    /** Takes the place of the API's own answers while it answers true. */
    answer: undefined as ((call: Called, response: ServerResponse, url: URL) => boolean) | undefined,
    /** From now on cancelling reaches the jobs, and those that did not hear of it. */
    hear() {
      world.deaf = false;
      for (const { id, cancels } of runs) if (cancels.length > 0) aborts.get(id)?.abort();
    },
    /** What the API does and answers, for a test that puts something before it. */
    serve: (call: Called, url: URL): Answer => answerTo(call, url),
    /** The newest status of the context, as people see it. */
    status: (sha: string, context: string) => statuses.findLast((one) => one.sha === sha && one.context === context),
    async close() {
      for (const abort of aborts.values()) abort.abort();
      await Promise.all(ended);
      await Promise.all([stop(api), stop(blobs)]);
    },
  };

  const api = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', world.origin);
    const text = await textOf(request);
    const { authorization } = request.headers;
    const method = request.method ?? '';
    const call: Called = { method, path: url.pathname, authorization, body: text === '' ? {} : JSON.parse(text) };
    calls.push(call);
    if (world.answer?.(call, response, url)) return;
    const { status, body, headers } = answerTo(call, url);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });

  const answerTo = (call: Called, url: URL): Answer => {
    if (world.limit) {
      const { reset } = world.limit;
      const left = Math.max(0, world.limit.remaining--);
      const headers = { 'x-ratelimit-remaining': String(left), 'x-ratelimit-reset': String(reset) };
      if (left === 0) return { status: 403, body: { message: `Limit of ${call.authorization}` }, headers };
    }
    if (call.authorization !== `Bearer ${world.token}`) return { status: 401, body: { message: 'Bad credentials' } };
    const [, path = ''] = url.pathname.split(`/repos/${repository}`);
    const { method } = call;
    const [file = ''] = /^\/actions\/workflows\/([^/]+)\/(?:dispatches|runs)$/.exec(path)?.slice(1) ?? [];
    const workflow = workflows.get(file);
    if (workflow && method === 'POST' && path.endsWith('/dispatches')) return dispatch(file, workflow, call);
    if (workflow && method === 'GET' && path.endsWith('/runs')) return list(file, url);
    const [sha] = /^\/statuses\/([0-9a-f]{40})$/.exec(path)?.slice(1) ?? [];
    if (sha !== undefined && method === 'POST') return addStatus(sha, call);
    const [zipped] = /^\/actions\/artifacts\/([0-9]+)\/zip$/.exec(path)?.slice(1) ?? [];
    if (zipped !== undefined && method === 'GET') return redirectTo(Number(zipped));
    const [id, verb = ''] =
      /^\/actions\/runs\/([0-9]+)(|\/artifacts|\/cancel|\/force-cancel)$/.exec(path)?.slice(1) ?? [];
    const run = runs.find((one) => one.id === Number(id));
    if (run && method === 'GET' && verb === '') return { status: 200, body: toObject(run) };
    if (run && method === 'GET' && verb === '/artifacts') return listArtifacts(run, url);
    if (run && method === 'POST' && verb.endsWith('cancel')) return cancel(run, verb);
    return notFound;
  };

  const redirectTo = (id: number): Answer => {
    const artifact = artifacts.find((one) => one.id === id);
    if (!artifact) return notFound;
    if (artifact.expired) return { status: 410, body: { message: 'Artifact has expired' } };
    const ticket = randomBytes(8).toString('hex');
    tickets.set(ticket, artifact.zip);
    return { status: 302, headers: { location: `${world.blobOrigin}/${ticket}?sig=canary-signature` } };
  };

  const listArtifacts = (run: WorkflowRun, url: URL): Answer => {
    const own = artifacts.filter(({ runId }) => runId === run.id);
    const page = pageOf(own, url).map(({ id, name, expired }) => ({ id, name, expired, size_in_bytes: 1 }));
    return { status: 200, body: { total_count: own.length, artifacts: page } };
  };

  const cancel = (run: WorkflowRun, verb: string): Answer => {
    if (run.status === 'completed') return { status: 409, body: { message: 'Cannot cancel a completed run.' } };
    run.cancels.push(verb.slice(1));
    if (!world.deaf || verb === '/force-cancel') aborts.get(run.id)?.abort();
    return { status: 202, body: {} };
  };

  const dispatch = (file: string, workflow: Workflow, { body }: Called): Answer => {
    const {
      ref,
      inputs = {},
      return_run_details: wanted,
    } = body as {
      ref?: string;
      inputs?: Record<string, string>;
      return_run_details?: boolean;
    };
    const refused = (status: number, message: string): Answer => ({ status, body: { message } });
    if (wanted !== undefined && !world.tellsRunIds) return refused(400, 'Invalid request.');
    if (!ref) return refused(422, 'Invalid request. "ref" was not supplied.');
    const unexpected = Object.keys(inputs).filter((name) => !(name in workflow.inputs));
    if (unexpected.length > 0) return refused(422, `Unexpected inputs provided: ${JSON.stringify(inputs)}`);
    const missing = Object.entries(workflow.inputs).find(([name, { required }]) => required && !inputs[name]);
    if (missing) return refused(422, `Required input '${missing[0]}' not provided`);
    const run: WorkflowRun = {
      id: nextId++,
      workflow: file,
      inputs,
      title: workflow.runName?.(inputs) ?? file,
      createdAt: Date.now(),
      status: 'queued',
      conclusion: null,
      cancels: [],
    };
    runs.push(run);
    ended.push(execute(run, workflow));
    const { url, html_url } = toObject(run);
    return wanted ? { status: 200, body: { workflow_run_id: run.id, run_url: url, html_url } } : { status: 204 };
  };

  const execute = async (run: WorkflowRun, { job }: Workflow): Promise<void> => {
    const abort = new AbortController();
    aborts.set(run.id, abort);
    run.status = 'in_progress';
    const cancelled = new Promise<JobEnd>((resolve) => {
      abort.signal.addEventListener('abort', () => resolve({ conclusion: 'cancelled' }), { once: true });
    });
    const end = await Promise.race([job({ inputs: run.inputs, signal: abort.signal }), cancelled]);
    for (const [name, files] of Object.entries(end.artifacts ?? {})) {
      const zip = files instanceof Uint8Array ? files : zipSync(mapValues(files, strToU8));
      artifacts.push({ id: nextId++, runId: run.id, name, zip, expired: false });
    }
    run.conclusion = end.conclusion;
    run.status = 'completed';
  };

  const list = (file: string, url: URL): Answer => {
    const since = Date.parse(/^>=(.+)$/.exec(url.searchParams.get('created') ?? '')?.[1] ?? '');
    const isWanted = url.searchParams.get('event') === 'workflow_dispatch' && !world.hidesRuns;
    const own = isWanted ? runs.filter((run) => run.workflow === file && !(run.createdAt < since)).reverse() : [];
    return { status: 200, body: { total_count: own.length, workflow_runs: pageOf(own, url).map(toObject) } };
  };

  const addStatus = (sha: string, { body }: Called): Answer => {
    const { state, context, description, target_url } = body as unknown as CommitStatus;
    const known = ['pending', 'success', 'failure', 'error'].includes(state);
    if (!known || description.length > 140) return { status: 422, body: { message: 'Validation Failed' } };
    statuses.push({ sha, repository, state, context, description, target_url });
    return { status: 201, body: { state } };
  };

  const toObject = (run: WorkflowRun) => ({
    id: run.id,
    name: run.workflow,
    display_title: run.title,
    event: 'workflow_dispatch',
    status: run.status,
    conclusion: run.conclusion,
    run_attempt: 1,
    url: `${world.origin}/repos/${repository}/actions/runs/${run.id}`,
    html_url: `https://github.example/${repository}/actions/runs/${run.id}`,
    created_at: new Date(run.createdAt).toISOString(),
  });

  const blobs = createServer((request, response) => {
    downloads.push({ authorization: request.headers.authorization });
    const zip = tickets.get(new URL(request.url ?? '', world.blobOrigin).pathname.slice(1));
    response.writeHead(zip ? 200 : 403, { 'content-type': 'application/zip' }).end(zip);
  });
  world.origin = await listen(api);
  world.blobOrigin = await listen(blobs);
  return world;
}

function pageOf<T>(all: readonly T[], url: URL): T[] {
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const page = Number(url.searchParams.get('page') ?? 1);
  return all.slice((page - 1) * size, page * size);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
