import { pendingStatus, statusTargetOf, toCommitStatus } from '../core/commit-status.ts';
import { claimMs, type Delivery, type DeliveryAnswer, statusIdOf } from '../core/delivery.ts';
import { githubUrl } from '../core/github.ts';
import type { Plan } from '../core/plan.ts';
import type { PostWebhook, Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import { maxId } from '../core/schema.ts';

/** How often the end of a run looks whether its beginning is still on its way, in milliseconds. */
const lookAgainMs = 1000;
/** Runs of the plan that are looked through for a newer one about the same commit. */
const newestRuns = 20;

type Destination = Pick<Plan, 'commitStatus' | 'executor' | 'name'>;
type Render = typeof toCommitStatus;

/** The delivery of the run's status at the event, if its plan wants one beside the commit. */
export function toStatusDelivery(
  services: Services,
  run: Run,
  plan: Destination,
  event: 'started' | 'completed',
): Delivery[] {
  return toDelivery(services, run, plan, event, event === 'started' ? pendingStatus : toCommitStatus);
}

/** Shows at the commit that the run was admitted, also while it waits. Its start does it again, under the same id. */
export async function announceRun(services: Services, plan: Plan, run: Run): Promise<void> {
  const [delivery] = toDelivery(services, run, plan, 'started', pendingStatus);
  if (delivery === undefined) return;
  await services.deliveries.putDelivery(delivery);
  services.sender.notice([delivery.id]);
}

function toDelivery(
  services: Services,
  run: Run,
  plan: Destination,
  event: 'started' | 'completed',
  render: Render,
): Delivery[] {
  const target = run.commit && statusTargetOf(plan, run.commit);
  if (target === undefined) return [];
  const at = services.now();
  return [
    {
      id: statusIdOf(run.id, event),
      type: `run.${event}`,
      state: 'pending',
      planId: run.planId,
      project: run.project,
      runId: run.id,
      to: { kind: 'commitStatus', host: new URL(target.apiUrl).host },
      schedule: 'status',
      body: JSON.stringify(render(run, target, services.publicUrl)),
      createdAt: at,
      tries: 0,
      attempts: [],
      nextActionAt: at,
    },
  ];
}

/**
 * When the end of a run may be told, if not now: GitHub shows the status that came last, and the one before may be on its way.
 * Whoever claims that one after the run completed sees so and lets it be.
 */
export async function mustWait(services: Services, { id, runId }: Delivery): Promise<number | undefined> {
  if (runId === undefined || id !== statusIdOf(runId, 'completed')) return undefined;
  const before = await services.deliveries.getDelivery(statusIdOf(runId, 'started'));
  const now = services.now();
  const onItsWay = before?.claimedAt !== undefined && now < before.claimedAt + claimMs;
  return onItsWay ? now + lookAgainMs : undefined;
}

/** Sends the status with the token of the plan as it is now, unless a later status made it untrue. */
export async function sendCommitStatus(
  services: Services,
  post: PostWebhook,
  delivery: Delivery,
): Promise<DeliveryAnswer> {
  const { id, body, planId, runId = 0, tries } = delivery;
  const [run, plan] = await Promise.all([services.runs.getRun(runId), services.plans.getPlan(planId)]);
  const target = run?.commit && plan && statusTargetOf(plan, run.commit);
  if (target === undefined || run?.commit === undefined) return { code: 'SUBSCRIPTION_GONE' };
  const overtaken = id === statusIdOf(runId, 'started') && run.status === 'completed';
  if (overtaken || (tries > 1 && (await hasNewer(services, run)))) return { code: 'OVERTAKEN' };
  const url = githubUrl(target.apiUrl, `/repos/${target.repository}/statuses/${run.commit.sha}`);
  return post({ id, url, body, bearer: target.token });
}

/** A late status of this run would hide that of a newer one. */
async function hasNewer({ runs }: Services, { id, planId, commit }: Run): Promise<boolean> {
  const newer = (await runs.listByPlan(planId, maxId, newestRuns)).filter((other) => other > id);
  return (await runs.getRuns(newer)).some((other) => other.commit?.sha === commit?.sha);
}
