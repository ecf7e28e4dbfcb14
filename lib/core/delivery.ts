import { createHash } from 'node:crypto';
import type { Plan } from './plan.ts';
import type { RunResult } from './run.ts';

/** What a plan's subscription may ask for. */
export const notifyTypes = ['run.started', 'run.completed', 'plan.became_failed', 'plan.recovered'] as const;
export type NotifyType = (typeof notifyTypes)[number];
export type DeliveryType = NotifyType | 'endpoint.ping';

export const deliveryStates = ['pending', 'delivered', 'failed', 'disabled'] as const;
/** `disabled`: not sent, because its subscription is disabled or gone from the plan. */
export type DeliveryState = (typeof deliveryStates)[number];

/** What the body of a run's callback looks like; each has its function in the wiring (`Services.renderDelivery`). */
export type PayloadKind = 'native' | 'testinium';

export type Subscription = Plan['notify'][number];

/** `standard` is the message of Standard Webhooks, `cloudevents` one of CloudEvents 1.0 in structured mode. */
export const deliveryFormats = ['standard', 'cloudevents'] as const;
export type DeliveryFormat = (typeof deliveryFormats)[number];

/** The message of Standard Webhooks. `timestamp` is when it happened, in ISO 8601; `data` stays thin, with links. */
export interface DeliveryBody {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One try to send a delivery. `status` is the receiver's, `code` says why there is none. */
export interface DeliveryAttempt {
  readonly at: number;
  readonly durationMs: number;
  readonly status?: number;
  readonly code?: RefusalCode;
}

export type RefusalCode =
  /** The URL, or an address of its name, may not be connected to. */
  | 'TARGET_REFUSED'
  /** No connection, or no answer in time. */
  | 'NO_ANSWER'
  /** The signing secret cannot be read, or is not of the form `whsec_…`. */
  | 'SECRET_UNUSABLE'
  /** Whoever sent it died before it could record the answer. */
  | 'SENDER_LOST'
  /** A status that a later one made untrue; not sent. */
  | 'OVERTAKEN'
  | 'SUBSCRIPTION_GONE'
  | 'SUBSCRIPTION_DISABLED';

/** What became of one try. */
export type DeliveryAnswer =
  | { readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly code: RefusalCode };

/** A message to one receiver (`HOOK` item). Times are epoch milliseconds. */
export interface Delivery {
  /** The `webhook-id` of every try and replay: made from the event and the subscription, so a repeated effect makes no other. */
  readonly id: string;
  readonly type: DeliveryType;
  readonly state: DeliveryState;
  readonly planId: number;
  readonly project: string;
  readonly runId?: number;
  readonly to:
    | { readonly kind: 'subscription'; readonly key: string; readonly host: string }
    | { readonly kind: 'callback'; readonly host: string; readonly sealedUrl: string }
    /** Beside the run's commit, where the plan as it is now says. */
    | { readonly kind: 'commitStatus'; readonly host: string };
  readonly schedule: keyof typeof schedules;
  /** JSON, the same bytes in every try. */
  readonly body: string;
  /** What the body is, if not plain JSON. */
  readonly contentType?: string;
  readonly createdAt: number;
  /** Tries begun since it was made or replayed. */
  readonly tries: number;
  /** The last tries, oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
  /** Someone is sending it since then. */
  readonly claimedAt?: number;
  /** When the next try is due, or the claim is given up; absent once nothing is left to do. */
  readonly nextActionAt?: number;
  readonly endedAt?: number;
  /** It ended for good without being delivered, and the bus was not told yet. */
  readonly eventPending?: true;
}

/** What is remembered of a subscription, beside the plan that has it. */
export interface SubscriptionState {
  /** Since then nothing was delivered. */
  readonly failingSince?: number;
  /** Digest of the URL that is not sent to any more; another URL is a new start. */
  readonly disabledUrl?: string;
}

interface Schedule {
  /** Seconds to wait before each try. */
  readonly waits: readonly number[];
  /** Part of a wait by which it varies, so that receivers that come back are not met by everyone at once. */
  readonly jitter: number;
  /** The wait that `Retry-After` asks for, within what the schedule allows; all in seconds. */
  readonly respect: (wait: number, retryAfter: number) => number;
}

/** When a delivery is tried. */
export const schedules = {
  /**
   * reliability.md 5.6: 5 s + 5 min + 30 min + 2 h + 5 h + 10 h + 14 h + 20 h + 24 h = 75 h 35 min 5 s. `Retry-After`
   * stretches a wait to twice its length at most.
   */
  subscription: {
    waits: [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
    jitter: 0.2,
    respect: (wait, retryAfter) => Math.min(2 * wait, Math.max(wait, retryAfter)),
  },
  /**
   * contracts/testinium.md 4.5: 5 s + 30 s + 2 min + 5 min + 15 min + 30 min + 1 h + 2 h + 4 h + 6 h + 10 h = 23 h 52 min
   * 35 s. `Retry-After` lengthens a wait to one hour at most.
   */
  callback: {
    waits: [0, 5, 30, 120, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 36_000],
    jitter: 0.1,
    respect: (wait, retryAfter) => Math.max(wait, Math.min(3600, retryAfter)),
  },
  /**
   * 5 s + 30 s + 2 min + 10 min + 30 min + 1 h + 2 h + 4 h: nobody waits for a status longer. `Retry-After` lengthens a wait to
   * one hour at most, after which GitHub's limits begin anew.
   */
  status: {
    waits: [0, 5, 30, 120, 600, 1800, 3600, 7200, 14_400],
    jitter: 0.1,
    respect: (wait, retryAfter) => Math.max(wait, Math.min(3600, retryAfter)),
  },
  /** A person waits for the answer. */
  ping: { waits: [0], jitter: 0, respect: (wait) => wait },
} as const satisfies Record<string, Schedule>;

/** A claim that was not recorded by then is given up: longer than any try takes, in milliseconds. */
export const claimMs = 60_000;
/** Tries kept in the log of a delivery. */
const keptAttempts = 20;
/** A subscription that fails for so long is disabled, in milliseconds (reliability.md 5.6). */
const failingLimitMs = 120 * 3_600_000;

/** What a try changes. */
export interface DeliveryOutcome {
  readonly state: DeliveryState;
  readonly attempts: readonly DeliveryAttempt[];
  /** When it is tried again; absent once it ended. */
  readonly nextActionAt?: number;
}

/**
 * What comes after the answer to the delivery's latest try, begun at `claimedAt`. `chance` is 0 to 1, for the jitter;
 * `failingSince` is the subscription's. 2xx is delivered, 410 ends it, everything else is tried again until the schedule is
 * over.
 */
export function concludeAttempt(
  delivery: Delivery,
  answer: DeliveryAnswer,
  { now, chance, failingSince }: { readonly now: number; readonly chance: number; readonly failingSince?: number },
): DeliveryOutcome {
  const at = delivery.claimedAt ?? now;
  const result = 'status' in answer ? { status: answer.status } : { code: answer.code };
  const attempts = logged(delivery, { at, durationMs: now - at, ...result });
  const { waits, jitter, respect }: Schedule = schedules[delivery.schedule];
  const status = 'status' in answer ? answer.status : undefined;
  if (status !== undefined && status >= 200 && status < 300) return { state: 'delivered', attempts };
  if (status === 410) return { state: delivery.schedule === 'subscription' ? 'disabled' : 'failed', attempts };
  if ('code' in answer && (answer.code.startsWith('SUBSCRIPTION_') || answer.code === 'OVERTAKEN')) {
    return { state: 'disabled', attempts };
  }
  if (failingSince !== undefined && now - failingSince > failingLimitMs) return { state: 'disabled', attempts };
  const wait = waits[delivery.tries];
  if (wait === undefined) return { state: 'failed', attempts };
  const varied = wait * (1 + jitter * (2 * chance - 1));
  const isLimit = status === 429 || status === 503 || (status === 403 && delivery.schedule === 'status');
  const asked = isLimit ? (answer as { retryAfterSeconds?: number }).retryAfterSeconds : 0;
  const seconds = asked ? Math.max(varied, respect(wait, asked)) : varied;
  return { state: 'pending', attempts, nextActionAt: now + Math.round(seconds * 1000) };
}

/** The delivery's log with one try more. */
export function logged({ attempts }: Pick<Delivery, 'attempts'>, attempt: DeliveryAttempt): DeliveryAttempt[] {
  return [...attempts, attempt].slice(-keptAttempts);
}

/** What tells a plan's subscriptions apart and stays when their order changes. */
export function subscriptionKey({ name, url }: Pick<Subscription, 'name' | 'url'>): string {
  return name ?? url;
}

/** A digest that stands for the text where the text itself must not, or may not, be. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

const eventNumbers = {
  'run.queued': 0,
  'run.started': 1,
  'run.completed': 2,
  'plan.became_failed': 3,
  'plan.recovered': 4,
} as const;
/** What happens to a run and its plan, in this order. */
export type RunHappening = keyof typeof eventNumbers;

/** The id of a run's event, the same over every repeat (invariant I4). */
export function eventIdOf(runId: number, type: RunHappening): string {
  return `evt_${runId}_${eventNumbers[type]}`;
}

/** Its place among the events of its run: by it consumers put them in order (F18). */
export function eventSeqOf(type: RunHappening): number {
  return eventNumbers[type];
}

/** The id of an event's delivery to a subscription. */
export function deliveryIdOf(runId: number, type: NotifyType, key: string): string {
  return `${callbackIdOf(runId)}_${eventNumbers[type]}_${shortDigest(key)}`;
}

/** The id of the delivery to the run's own callback URL (contracts/testinium.md 4.5). */
export function callbackIdOf(runId: number): string {
  return `msg_${String(runId).padStart(12, '0')}`;
}

/** The id of the run's status beside its commit, of its beginning or its end. */
export function statusIdOf(runId: number, event: 'started' | 'completed'): string {
  return `${callbackIdOf(runId)}_${event === 'started' ? 5 : 6}_${shortDigest('commitStatus')}`;
}

/** The id of a ping; `chance` makes every one another. */
export function pingIdOf(planId: number, chance: string): string {
  return `ping_${String(planId).padStart(12, '0')}_${chance}`;
}

/** Whose partition a delivery is in; undefined if the text is no delivery's id. */
export function ownerOf(deliveryId: string): { readonly runId: number } | { readonly planId: number } | undefined {
  const match = /^(?:msg_([0-9]{12})(?:_[1-6]_[0-9a-f]{12})?|ping_([0-9]{12})_[0-9a-f]{16})$/.exec(deliveryId);
  if (!match) return undefined;
  return match[1] === undefined ? { planId: Number(match[2]) } : { runId: Number(match[1]) };
}

/** Orders deliveries by time; those of one millisecond by a digest, so that a page ends between two of them. */
export function positionOf({ id, createdAt }: Pick<Delivery, 'id' | 'createdAt'>): number {
  return createdAt * 1000 + (Number.parseInt(shortDigest(id), 16) % 1000);
}

/** How a plan's newest run that says something about it ended. */
export interface LastOutcome {
  readonly runId: number;
  readonly result: RunResult;
}

/** True for an ending that says how the plan is; a run someone stopped says nothing. */
export function isTelling(result: RunResult): boolean {
  return result !== 'stopped';
}

/**
 * How a run that ends with the result turns its plan, given the newest one that ended before. A run older than that one says
 * nothing new, and a plan whose first run does not pass has become failed.
 */
export function turnOf(
  last: LastOutcome | undefined,
  runId: number,
  result: RunResult,
): 'plan.became_failed' | 'plan.recovered' | undefined {
  if (!isTelling(result) || (last !== undefined && last.runId > runId)) return undefined;
  const passed = last === undefined || last.result === 'passed';
  if (result === 'passed') return passed ? undefined : 'plan.recovered';
  return passed ? 'plan.became_failed' : undefined;
}
