import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signWebhook } from '../../../lib/adapters/webhook-signature.ts';
import { hookAnswer, hookCallsAnswer, hooksAnswer, newHookAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { type Api, aPlan, openApi } from '../native/api.ts';
import {
  bitbucketPush,
  dataCenterPush,
  githubPullRequest,
  githubPush,
  gitlabMergeRequest,
  gitlabPush,
} from './payloads.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

let deliveries = 0;
const fresh = () => `delivery-${++deliveries}`;

async function createPlan(...webhooks: object[]): Promise<number> {
  const created = await api.call('POST', '/v1/plans', { body: aPlan({ overlap: 'allow', triggers: { webhooks } }) });
  expect(created.status, created.text).toBe(201);
  return created.body.id;
}

async function createHook(scheme: string, plans: number[], change: object = {}) {
  const created = await api.call('POST', '/v1/hooks', { body: { name: 'CI', scheme, plans, ...change } });
  expect(created.status, created.text).toBe(201);
  expect(newHookAnswer.safeParse(created.body).error).toBeUndefined();
  return { id: created.body.id as string, secret: created.body.secret as string, etag: created.headers.etag as string };
}

/** What GitHub sends. */
function github(secret: string, payload: object, { event = 'push', id = fresh(), form = false } = {}) {
  const text = JSON.stringify(payload);
  const body = form ? new URLSearchParams({ payload: text }).toString() : text;
  return {
    token: '',
    body,
    headers: {
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      'x-github-event': event,
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  };
}

/** What signs by Standard Webhooks sends. */
function standard(secret: string, payload: object, { id = fresh(), headers = {} } = {}) {
  const body = JSON.stringify(payload);
  const timestampSeconds = Math.floor(api.clock.now / 1000);
  const signature = signWebhook({ id, timestampSeconds, body: Buffer.from(body), secrets: [secret] });
  return {
    token: '',
    body,
    headers: {
      ...headers,
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': signature,
    },
  };
}

async function inputOf(runId: number) {
  const run = await api.stores.runs.getRun(runId);
  return { run, input: await api.stores.runs.getInput(runId, run?.hasInput ?? false) };
}

describe('POST /hooks/{hookId}', () => {
  it('starts the mapped plan for a push of GitHub, with branch and commit', async () => {
    const planId = await createPlan({ events: ['push'], branches: ['main'], buildNo: '{commit}' });
    const hook = await createHook('github', [planId]);
    const answer = await api.call('POST', `/hooks/${hook.id}`, github(hook.secret, githubPush));
    expect(answer.status, answer.text).toBe(202);
    const [{ runId, ...outcome }] = answer.body.outcomes;
    expect(outcome).toEqual({ planId, outcome: 'started' });
    const { run, input } = await inputOf(runId);
    expect(run).toMatchObject({ status: 'queued', trigger: { type: 'webhook' }, buildNo: githubPush.after });
    expect(run?.commit).toEqual({ sha: githubPush.after, repository: 'baxterthehacker/public-repo' });
    expect(input.runtimeData).toEqual({
      BRANCH: 'main',
      COMMIT: githubPush.after,
      REPOSITORY: 'baxterthehacker/public-repo',
    });
  });

  it('takes the form GitHub can send instead of JSON', async () => {
    const hook = await createHook('github', [await createPlan({ events: ['push'] })]);
    const answer = await api.call('POST', `/hooks/${hook.id}`, github(hook.secret, githubPush, { form: true }));
    expect(answer.body.outcomes).toMatchObject([{ outcome: 'started' }]);
    const call = github(hook.secret, githubPush);
    const headers = { ...call.headers, 'content-type': 'application/x-www-form-urlencoded' };
    const called = await api.call('POST', `/hooks/${hook.id}`, { ...call, headers });
    expect(called.body.outcomes, 'JSON that is called a form').toMatchObject([{ outcome: 'started' }]);
  });

  it('starts it for a pull request by its target, action and labels', async () => {
    const rule = {
      events: ['pull_request'],
      actions: ['opened', 'synchronize'],
      branches: ['master'],
      labels: ['e2e'],
    };
    const hook = await createHook('github', [await createPlan(rule)]);
    const send = (payload: object) =>
      api.call('POST', `/hooks/${hook.id}`, github(hook.secret, payload, { event: 'pull_request' }));
    const [{ runId }] = (await send(githubPullRequest)).body.outcomes;
    expect((await inputOf(runId)).input.runtimeData).toMatchObject({ BRANCH: 'master', PULL_REQUEST: '2' });
    const head = { ...githubPullRequest.pull_request.head, repo: { full_name: 'mallory/Hello-World' } };
    const forked = { ...githubPullRequest, pull_request: { ...githubPullRequest.pull_request, head } };
    expect((await send(forked)).body.outcomes).toMatchObject([
      { outcome: 'ignored', reason: 'the pull request comes from a fork, and the rule does not allow forks' },
    ]);
  });

  it.each<[string, 'github' | 'gitlab', string, (fork: boolean) => object]>([
    [
      'workflow of GitHub',
      'github',
      'workflow_run',
      (fork) => ({
        action: 'completed',
        workflow_run: {
          head_branch: 'main',
          head_sha: githubPush.after,
          head_repository: { full_name: fork ? 'mallory/shop' : 'acme/shop' },
        },
        repository: { full_name: 'acme/shop' },
      }),
    ],
    [
      'pipeline of GitLab',
      'gitlab',
      'pipeline',
      (fork) => ({
        object_kind: 'pipeline',
        object_attributes: { ref: 'main', tag: false, sha: gitlabPush.after, status: 'success' },
        merge_request: { source_project_id: fork ? 2 : 1, target_project_id: 1 },
        project: { path_with_namespace: 'acme/shop' },
      }),
    ],
  ])(
    'starts it for a finished %s by its branch, and not if that ran code of a fork',
    async (_what, scheme, event, payload) => {
      const hook = await createHook(scheme, [await createPlan({ events: [event], branches: ['main'] })]);
      const send = (fork: boolean) =>
        api.call(
          'POST',
          `/hooks/${hook.id}`,
          scheme === 'github' ? github(hook.secret, payload(fork), { event }) : standard(hook.secret, payload(fork)),
        );
      const own = await send(false);
      expect((await inputOf(own.body.outcomes[0].runId)).input.runtimeData).toMatchObject({ BRANCH: 'main' });
      expect((await send(true)).body.outcomes).toMatchObject([
        { outcome: 'ignored', reason: expect.stringContaining('fork') },
      ]);
    },
  );

  it('starts it for a push of GitLab, signed or with the older token', async () => {
    const planId = await createPlan({ events: ['push'], branches: ['master'], paths: ['app/**'] });
    const signed = await createHook('gitlab', [planId]);
    const headers = { 'x-gitlab-event': 'Push Hook' };
    const first = await api.call('POST', `/hooks/${signed.id}`, standard(signed.secret, gitlabPush, { headers }));
    expect(first.body.outcomes).toMatchObject([{ planId, outcome: 'started' }]);
    expect((await inputOf(first.body.outcomes[0].runId)).input.runtimeData).toEqual({
      BRANCH: 'master',
      COMMIT: gitlabPush.checkout_sha,
      REPOSITORY: 'mike/diaspora',
    });
    const older = await createHook('gitlab-token', [planId]);
    const second = await api.call('POST', `/hooks/${older.id}`, {
      token: '',
      body: gitlabPush,
      headers: { ...headers, 'x-gitlab-token': older.secret, 'x-gitlab-event-uuid': fresh() },
    });
    expect(second.body.outcomes).toMatchObject([{ planId, outcome: 'started' }]);
  });

  it('starts it for a merge request of GitLab', async () => {
    const hook = await createHook('gitlab', [
      await createPlan({ events: ['merge_request'], actions: ['open'], labels: ['API'] }),
    ]);
    const answer = await api.call('POST', `/hooks/${hook.id}`, standard(hook.secret, gitlabMergeRequest));
    expect(answer.body).toMatchObject({
      event: 'merge_request open #1 to master (da15608)',
      outcomes: [{ outcome: 'started' }],
    });
  });

  it('starts it for a push of Bitbucket, Cloud and Data Center', async () => {
    const planId = await createPlan({ events: ['repo:*'] });
    const hook = await createHook('bitbucket', [planId]);
    const send = (event: string, payload: object, id: Record<string, string>) => {
      const body = JSON.stringify(payload);
      const signature = `sha256=${createHmac('sha256', hook.secret).update(body).digest('hex')}`;
      const headers = { 'x-event-key': event, 'x-hub-signature': signature, ...id };
      return api.call('POST', `/hooks/${hook.id}`, { token: '', body, headers });
    };
    const cloud = await send('repo:push', bitbucketPush, { 'x-request-uuid': fresh() });
    expect((await inputOf(cloud.body.outcomes[0].runId)).input.runtimeData).toEqual({
      BRANCH: 'name-of-branch',
      COMMIT: '709d658dc5b6d6afcd46049c2f332ee3f515a67d',
      REPOSITORY: 'team_name/repo_name',
    });
    const dataCenter = await send('repo:refs_changed', dataCenterPush, { 'x-request-id': fresh() });
    expect((await inputOf(dataCenter.body.outcomes[0].runId)).input.runtimeData).toEqual({
      BRANCH: 'master',
      COMMIT: '178864a7d521b6f5e720b386b2c2b0ef8563e0dc',
      REPOSITORY: 'PROJECT_1/repository',
    });
  });

  it('starts it for anything that speaks Standard Webhooks, such as Jenkins', async () => {
    const variables = { SERVICE: '$.data.service' };
    const hook = await createHook('standard', [await createPlan({ events: ['deployment.finished'], variables })]);
    const payload = { type: 'deployment.finished', timestamp: '2027-01-04T09:00:00Z', data: { service: 'cart' } };
    const answer = await api.call('POST', `/hooks/${hook.id}`, standard(hook.secret, payload));
    expect((await inputOf(answer.body.outcomes[0].runId)).input.runtimeData).toEqual({ SERVICE: 'cart' });
  });

  it('gives one run for the same delivery sent twice, at once or a day and a half later', async () => {
    const hook = await createHook('github', [await createPlan({ events: ['push'] })]);
    const call = github(hook.secret, githubPush);
    const twice = await Promise.all([1, 2, 3].map(() => api.call('POST', `/hooks/${hook.id}`, call)));
    api.clock.now += 36 * 3_600_000;
    twice.push(await api.call('POST', `/hooks/${hook.id}`, call));
    const runs = twice.map(({ body }) => body.outcomes[0].runId);
    expect(new Set(runs).size).toBe(1);
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 200, 200, 202]);
  });

  it('says why it started nothing, and answers a ping', async () => {
    const planId = await createPlan({ events: ['push'], branches: ['release/*'] });
    const silent = await createPlan();
    const hook = await createHook('github', [planId, silent]);
    const answer = await api.call('POST', `/hooks/${hook.id}`, github(hook.secret, githubPush));
    expect(answer.status).toBe(200);
    expect(answer.body.outcomes).toEqual([
      { planId, outcome: 'ignored', reason: 'branch main is not among release/*' },
      { planId: silent, outcome: 'ignored', reason: 'the plan has no webhook rules' },
    ]);
    const ping = await api.call(
      'POST',
      `/hooks/${hook.id}`,
      github(hook.secret, { zen: 'Keep it logically awesome.' }, { event: 'ping' }),
    );
    expect(ping).toMatchObject({ status: 200, body: { ping: true, outcomes: [] } });
  });

  it('says that a run was refused, and goes on with the next plan', async () => {
    const disabled = (
      await api.call('POST', '/v1/plans', {
        body: aPlan({ enabled: false, triggers: { webhooks: [{ events: ['push'] }] } }),
      })
    ).body.id;
    const planId = await createPlan({ events: ['push'], config: 'no such' });
    const works = await createPlan({ events: ['push'] });
    const hook = await createHook('github', [disabled, planId, works]);
    const answer = await api.call('POST', `/hooks/${hook.id}`, github(hook.secret, githubPush));
    expect(answer.status).toBe(202);
    expect(answer.body.outcomes).toMatchObject([
      { outcome: 'refused', reason: expect.stringContaining('is disabled') },
      { outcome: 'refused', reason: expect.stringContaining('no such') },
      { outcome: 'started' },
    ]);
  });

  it('refuses what is forged in the words of a hook that is not there, and keeps nothing of it', async () => {
    const hook = await createHook('github', [await createPlan({ events: ['push'] })]);
    const forged = github('not the secret', githubPush);
    const answers = [
      await api.call('POST', `/hooks/${hook.id}`, forged),
      await api.call('POST', `/hooks/${'a'.repeat(22)}`, forged),
      await api.call('POST', '/hooks/7', forged),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(401);
      expect({ ...body, requestId: '' }).toEqual({ ...answers[0]?.body, requestId: '' });
    }
    expect((await api.call('GET', `/v1/hooks/${hook.id}/calls`)).body.calls).toEqual([]);
    expect(api.logs.filter(({ event }) => event === 'hook refused').map(({ code }) => code)).toEqual([
      'FORGED',
      'UNKNOWN_HOOK',
      'UNKNOWN_HOOK',
    ]);
  });

  it.each<[string, object, number]>([
    ['no delivery id', { 'x-github-delivery': undefined }, 400],
    ['a delivery id with blanks', { 'x-github-delivery': 'a b' }, 400],
  ])('refuses a genuine call with %s', async (_what, headers, status) => {
    const hook = await createHook('github', [await createPlan({ events: ['push'] })]);
    const call = github(hook.secret, githubPush);
    const answer = await api.call('POST', `/hooks/${hook.id}`, {
      ...call,
      headers: { ...call.headers, ...headers } as never,
    });
    expect(answer.status).toBe(status);
  });

  it('refuses a genuine body that is no JSON, and takes any JSON there is', async () => {
    const hook = await createHook('github', [await createPlan({ events: ['push'] })]);
    const send = (body: string) => {
      const signature = `sha256=${createHmac('sha256', hook.secret).update(body).digest('hex')}`;
      const headers = { 'x-github-event': 'push', 'x-github-delivery': fresh(), 'x-hub-signature-256': signature };
      return api.call('POST', `/hooks/${hook.id}`, { token: '', body, headers });
    };
    expect(await send('{')).toMatchObject({ status: 400, body: { code: 'INVALID_JSON' } });
    for (const odd of ['null', '[]', '7', '"x"', '{"ref":7,"commits":{"a":1}}', '{"__proto__":{"ref":"x"}}', ''])
      expect((await send(odd)).status, odd).toBeLessThan(300);
  });

  it('starts nothing in another project, whatever the hook names', async () => {
    const planId = await createPlan({ events: ['push'] });
    const hook = await createHook('github', [planId]);
    const plan = (await api.call('GET', `/v1/plans/${planId}`)).body;
    const stored = await api.stores.hooks.getHook(hook.id);
    if (stored === undefined) throw new Error('no hook');
    await api.stores.hooks.putHook({ ...stored, project: 'other', version: stored.version + 1 });
    const answer = await api.call('POST', `/hooks/${hook.id}`, github(hook.secret, githubPush));
    expect(plan.project).toBe('shop');
    expect(answer.body.outcomes).toMatchObject([{ outcome: 'ignored' }]);
  });
});

describe('/v1/hooks', () => {
  it('shows hooks and their calls, and never a secret', async () => {
    const planId = await createPlan({ events: ['push'] });
    const hook = await createHook('github', [planId]);
    await api.call('POST', `/hooks/${hook.id}`, github(hook.secret, githubPush));
    const one = await api.call('GET', `/v1/hooks/${hook.id}`);
    expect(hookAnswer.safeParse(one.body).error).toBeUndefined();
    expect(one.body).toMatchObject({ plans: [planId], enabled: true, oldSecretUntil: null });
    expect(one.body.url).toMatch(new RegExp(`/hooks/${hook.id}$`));
    const all = await api.call('GET', '/v1/hooks');
    expect(hooksAnswer.safeParse(all.body).error).toBeUndefined();
    const calls = await api.call('GET', `/v1/hooks/${hook.id}/calls`);
    expect(hookCallsAnswer.safeParse(calls.body).error).toBeUndefined();
    expect(calls.body.calls).toMatchObject([
      { event: 'push', about: 'push to main (0d1a26e)', outcomes: [{ outcome: 'started' }] },
    ]);
    for (const { text } of [one, all, calls]) expect(text).not.toContain(hook.secret);
    expect((await api.call('GET', `/v1/hooks/${hook.id}`, { headers: { 'if-none-match': hook.etag } })).status).toBe(
      304,
    );
  });

  it('gives a new secret, while the old one opens it for a day', async () => {
    const hook = await createHook('github', [await createPlan({ events: ['push'] })]);
    const rotated = await api.call('POST', `/v1/hooks/${hook.id}/rotate`, { headers: { 'if-match': hook.etag } });
    expect(newHookAnswer.safeParse(rotated.body).error).toBeUndefined();
    const send = (secret: string) => api.call('POST', `/hooks/${hook.id}`, github(secret, githubPush));
    expect([(await send(hook.secret)).status, (await send(rotated.body.secret)).status]).toEqual([202, 202]);
    api.clock.now += 24 * 3_600_000;
    expect([(await send(hook.secret)).status, (await send(rotated.body.secret)).status]).toEqual([401, 202]);
  });

  it('takes the secret a sender made, and shows it nowhere', async () => {
    const secret = 'made by the sender, kept by it'.replaceAll(' ', '-');
    const created = await api.call('POST', '/v1/hooks', {
      body: { name: 'x', scheme: 'github', plans: [await createPlan({ events: ['push'] })], secret },
    });
    expect(created.text).not.toContain(secret);
    expect((await api.call('POST', `/hooks/${created.body.id}`, github(secret, githubPush))).status).toBe(202);
  });

  it('is disabled, enabled and deleted', async () => {
    const hook = await createHook('github', [await createPlan({ events: ['push'] })]);
    const send = async () => (await api.call('POST', `/hooks/${hook.id}`, github(hook.secret, githubPush))).status;
    await api.call('PUT', `/v1/hooks/${hook.id}`, { body: { enabled: false } });
    expect(await send()).toBe(401);
    await api.call('PUT', `/v1/hooks/${hook.id}`, { body: { enabled: true, name: 'renamed' } });
    expect(await send()).toBe(202);
    expect((await api.call('DELETE', `/v1/hooks/${hook.id}`, { headers: { 'if-match': hook.etag } })).status).toBe(409);
    expect((await api.call('DELETE', `/v1/hooks/${hook.id}`)).status).toBe(204);
    expect(await send()).toBe(401);
    expect((await api.call('GET', `/v1/hooks/${hook.id}`)).status).toBe(404);
  });

  it.each<[string, (planId: number) => object, string]>([
    ['an unknown scheme', (planId) => ({ name: 'x', scheme: 'svn', plans: [planId] }), 'scheme'],
    ['no plans', () => ({ name: 'x', scheme: 'github', plans: [] }), 'plans'],
    ['a short secret', (planId) => ({ name: 'x', scheme: 'github', plans: [planId], secret: 'short' }), 'secret'],
    [
      'a wrong secret',
      (planId) => ({ name: 'x', scheme: 'gitlab', plans: [planId], secret: 'no-standard-webhooks' }),
      'secret',
    ],
  ])('refuses %s', async (_what, body, field) => {
    const answer = await api.call('POST', '/v1/hooks', { body: body(await createPlan()) });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    expect(answer.text).not.toContain('no-standard-webhooks');
  });

  it('belongs to those who may see all of its plans', async () => {
    const [mine, other] = [await createPlan(), await createPlan()];
    const hook = await createHook('github', [mine, other]);
    const token = await api.addKey({ planIds: [mine] });
    expect((await api.call('GET', `/v1/hooks/${hook.id}`, { token })).status).toBe(404);
    expect((await api.call('GET', '/v1/hooks', { token })).body.hooks).toEqual([]);
    const body = { name: 'x', scheme: 'github', plans: [mine, other] };
    expect((await api.call('POST', '/v1/hooks', { token, body })).status).toBe(404);
    const weak = await api.addKey({ scopes: ['PLAN_RUN', 'PLAN_VIEW'] });
    expect((await api.call('GET', '/v1/hooks', { token: weak })).status).toBe(403);
  });
});

describe('a plan with webhook rules', () => {
  it('is refused naming what is wrong', async () => {
    const webhooks = [{ events: ['push'] }, { events: [], variables: { A: '{nope}' } }];
    const answer = await api.call('POST', '/v1/plans', { body: aPlan({ triggers: { webhooks } }) });
    expect(answer.status).toBe(400);
    const fields = answer.body.errors.map(({ field }: { field: string }) => field);
    expect(fields).toEqual(['triggers.webhooks[1].events', 'triggers.webhooks[1].variables.A']);
  });
});
