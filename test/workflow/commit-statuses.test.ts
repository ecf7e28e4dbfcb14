import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statusIdOf } from '../../lib/core/delivery.ts';
import type { Plan } from '../../lib/core/plan.ts';
import type { Run } from '../../lib/core/run.ts';
import { announceRun } from '../../lib/workflow/commit-statuses.ts';
import { publishOutbox } from '../../lib/workflow/publish-outbox.ts';
import { sendDelivery } from '../../lib/workflow/send-delivery.ts';
import { type DeliveryWorld, openDeliveryWorld } from '../support/delivery-world.ts';
import { aRun } from '../support/runs.ts';

const sha = '0123456789abcdef0123456789abcdef01234567';
const commitStatus = { repository: 'acme/shop', token: 'env:NEW' };

let d: DeliveryWorld;
beforeAll(async () => {
  d = await openDeliveryWorld();
});
afterAll(() => d.close());
beforeEach(() => {
  d.world.receive = () => ({ status: 201 });
  for (const list of [d.sent, d.published, d.logs, d.noticed]) list.length = 0;
});

const send = (id: string) => sendDelivery(d.services, d.post, id);
const states = () => d.sent.map(({ body }) => JSON.parse(body).state);

/** A run that is admitted and not over. */
async function admit(plan: Plan, change: Partial<Run> = {}): Promise<Run> {
  const { runId } = await d.stores.runs.allocateRun(1, plan.projectId);
  const { id: planId, version: planVersion, name: planName } = plan;
  const run = aRun(runId, { planId, planVersion, planName, createdAt: d.clock.now, commit: { sha }, ...change });
  await d.stores.runs.createRun(run, null);
  const admitted = await d.stores.runs.admit(run, { deadlineAt: d.clock.now, nextActionAt: d.clock.now });
  if (admitted === undefined) throw new Error('not admitted');
  return admitted;
}

async function complete(run: Run): Promise<Run> {
  const completed = await d.stores.runs.complete(run, {
    ending: { result: 'passed', reason: 'allPassed', explanation: 'All passed.' },
    counts: {
      total: 3,
      passed: 3,
      failed: 0,
      errored: 0,
      skipped: 0,
      blocked: 0,
      stopped: 0,
      notExecuted: 0,
      running: 0,
      queued: 0,
      flaky: 0,
    },
    resultAt: '1#abc',
    resultChunks: 1,
    endedAt: d.clock.now,
    eventId: `evt_${run.id}_2`,
    cancelPending: false,
    nextActionAt: d.clock.now,
  });
  if (completed === undefined) throw new Error('not completed');
  await publishOutbox(d.services, completed);
  return completed;
}

const ids = ({ id }: Run) => ({ pending: statusIdOf(id, 'started'), final: statusIdOf(id, 'completed') });

describe('the statuses of a run beside its commit', () => {
  it('are one when it is admitted and one when it is over, with the token and without a signature', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const run = await admit(plan);
    await announceRun(d.services, plan, run);
    await announceRun(d.services, plan, run);
    await send(ids(run).pending);
    await complete(run);
    await send(ids(run).final);
    expect(states()).toEqual(['pending', 'success']);
    const { url, headers = {} } = d.sent[0] ?? {};
    expect(url).toBe(`https://api.github.com/repos/acme/shop/statuses/${sha}`);
    expect(Object.keys(headers).sort()).toEqual(['accept', 'authorization', 'content-type', 'x-github-api-version']);
    expect(headers.authorization).toMatch(/^Bearer whsec_/);
    expect(JSON.parse(d.sent[1]?.body ?? '')).toEqual({
      state: 'success',
      context: `proctor/${plan.name}`,
      description: '3 passed',
      target_url: `https://proctor.example/runs/${run.id}`,
    });
    expect(JSON.stringify(await d.getDelivery(ids(run).final))).not.toContain('whsec_');
  });

  it('are none for a run without a commit, or about another repository', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const { commit: _, ...without } = await admit(plan);
    await announceRun(d.services, plan, without);
    await announceRun(d.services, plan, await admit(plan, { commit: { sha, repository: 'mallory/shop' } }));
    expect(d.noticed).toEqual([]);
  });

  it('a beginning that comes late is not told any more, and nobody is told that it was not', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const run = await admit(plan);
    await announceRun(d.services, plan, run);
    d.world.receive = () => ({ status: 502 });
    await send(ids(run).pending);
    await complete(run);
    d.world.receive = () => ({ status: 201 });
    await send(ids(run).final);
    d.published.length = 0;
    const { state, attempts } = await d.finish(ids(run).pending);
    expect([state, attempts.map(({ status, code }) => status ?? code)]).toEqual(['disabled', [502, 'OVERTAKEN']]);
    expect(states()).toEqual(['pending', 'success']);
    expect(d.published).toEqual([]);
  });

  it('the end waits while the beginning is on its way', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const run = await admit(plan);
    await announceRun(d.services, plan, run);
    let arrive = (): void => {};
    const sent = new Promise<void>((resolve) => {
      d.world.receive = () => {
        resolve();
        return new Promise((answer) => {
          arrive = () => answer({ status: 201 });
        });
      };
    });
    const beginning = send(ids(run).pending);
    await sent;
    await complete(run);
    expect(await send(ids(run).final)).toBe(d.clock.now + 1000);
    expect(states()).toEqual(['pending']);
    d.world.receive = () => ({ status: 201 });
    arrive();
    await beginning;
    await send(ids(run).final);
    expect(states()).toEqual(['pending', 'success']);
  });

  it('the end does not wait for ever for a sender that died', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const run = await admit(plan);
    await announceRun(d.services, plan, run);
    const pending = await d.getDelivery(ids(run).pending);
    const at = d.clock.now;
    await d.stores.deliveries.claimDelivery(pending, { at, until: at + 60_000, attempts: [] });
    await complete(run);
    expect(await send(ids(run).final)).toBe(at + 1000);
    d.clock.now = at + 60_000;
    await send(ids(run).final);
    expect(states()).toEqual(['success']);
  });

  it('a retried end does not hide what a newer run about the commit says', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const run = await complete(await admit(plan));
    d.world.receive = () => ({ status: 503 });
    await send(ids(run).final);
    const newer = await admit(plan);
    d.world.receive = () => ({ status: 201 });
    const { state, attempts } = await d.finish(ids(run).final);
    expect([state, attempts.at(-1)?.code]).toEqual(['disabled', 'OVERTAKEN']);
    await complete(newer);
    expect((await d.finish(ids(newer).final)).state).toBe('delivered');
  });

  it('a retried end is told although newer runs are about other commits', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const run = await complete(await admit(plan));
    d.world.receive = (_, nth) => ({ status: nth === 1 ? 503 : 201 });
    await admit(plan, { commit: { sha: sha.replaceAll('0', 'f') } });
    expect((await d.finish(ids(run).final)).state).toBe('delivered');
  });

  it.each([
    ['the limit of the token', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '$in1800' }, 1800],
    ['a secondary limit', 429, { 'retry-after': '90' }, 90],
    ['a refusal', 403, {}, 5],
    ['trouble', 500, {}, 5],
  ])('are tried again after %s when GitHub says', async (_, status, headers, seconds) => {
    const plan = await d.makePlan([], { commitStatus });
    const reset = String(Math.floor(d.clock.now / 1000) + 1800);
    const given = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === '$in1800' ? reset : value]),
    );
    d.world.receive = (_message, nth) => (nth === 1 ? { status, headers: given } : { status: 201 });
    const run = await complete(await admit(plan));
    const { state, attempts } = await d.finish(ids(run).final);
    const [first, second] = attempts;
    expect([state, attempts.length]).toEqual(['delivered', 2]);
    const waited = ((second?.at ?? 0) - (first?.at ?? 0)) / 1000;
    expect(waited).toBeGreaterThanOrEqual(seconds * 0.89);
    expect(waited).toBeLessThanOrEqual(seconds * 1.11 + 1);
  });

  it('go with the token and the repository of the plan as it is now, or end with it', async () => {
    const plan = await d.makePlan([], { commitStatus });
    const run = await complete(await admit(plan));
    await d.changePlan(plan, []);
    const { state, attempts } = await d.finish(ids(run).final);
    expect([state, attempts.at(-1)?.code, d.sent]).toEqual(['disabled', 'SUBSCRIPTION_GONE', []]);
  });

  it('a token that cannot be read is a failed try, told on the bus in the end', async () => {
    const plan = await d.makePlan([], { commitStatus: { ...commitStatus, token: 'env:MISSING' } });
    const run = await complete(await admit(plan));
    const { state, attempts } = await d.finish(ids(run).final);
    expect([state, attempts.length, attempts.at(-1)?.code]).toEqual(['failed', 9, 'SECRET_UNUSABLE']);
    expect(d.published.at(-1)).toMatchObject({ detailType: 'Delivery Failed', detail: { host: 'api.github.com' } });
  });
});
