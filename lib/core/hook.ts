/**
 * How the calls of a hook are signed, and what the sender's payload looks like. Fixed when the hook is made, never guessed
 * from a request.
 */
export const hookSchemes = ['github', 'gitlab', 'gitlab-token', 'bitbucket', 'standard'] as const;
export type HookScheme = (typeof hookSchemes)[number];

/** A secret of a hook, encrypted (core/sealed.ts). */
export interface HookSecret {
  readonly sealed: string;
  /** Epoch milliseconds after which it no longer opens the hook; absent for the one in use. */
  readonly endsAt?: number;
}

/** An address for the webhooks of a CI system or a forge: what it sends may start runs of the plans named here. */
export interface Hook {
  /** 22 letters and digits, not to be guessed: the path of the address. */
  readonly id: string;
  readonly name: string;
  readonly scheme: HookScheme;
  readonly project: string;
  /** Plans whose rules are asked, in this order. */
  readonly planIds: readonly number[];
  readonly enabled: boolean;
  /** Newest first. */
  readonly secrets: readonly HookSecret[];
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Runs it starts belong to the owner of the key that made it. */
  readonly ownerId: number;
}

/** What became of one genuine call, for one plan. */
export type HookOutcome =
  | { readonly planId: number; readonly outcome: 'started' | 'repeated'; readonly runId: number }
  /** No rule asks for it, or a run was refused; the reason is for people. */
  | { readonly planId: number; readonly outcome: 'ignored' | 'refused'; readonly reason: string };

/** One genuine call of a hook, as it is shown. Kept for a week. */
export interface HookCall {
  readonly hookId: string;
  /** The sender's id of the delivery. */
  readonly deliveryId: string;
  readonly receivedAt: number;
  readonly event: string;
  /** For people: "push to main (1a2b3c4)". */
  readonly about: string;
  readonly outcomes: readonly HookOutcome[];
}

/** How long a delivery id is known, and its call shown, in seconds (reliability.md 5.4). */
export const hookCallSeconds = 7 * 86_400;
/** How long a replaced secret still opens its hook, in milliseconds. */
export const oldSecretMs = 24 * 3_600_000;
/** Calls a hook shows at most, newest first. */
export const maxHookCalls = 200;

/** The sealed secrets that open the hook now. */
export function usableSecrets({ secrets }: Pick<Hook, 'secrets'>, now: number): readonly HookSecret[] {
  return secrets.filter(({ endsAt }) => endsAt === undefined || now < endsAt);
}
