import type { Item, Key } from '../../../../lib/adapters/dynamodb/table.ts';
import type { Happened } from '../history.ts';

type Visited = Extract<Happened, { what: 'visited' }>;

/** What calls of the walk are answered that nobody else has a hand in. */
const answers: Readonly<Record<string, number>> = {
  ...all(200, 'listEnvironments', 'getEnvironment', 'updateEnvironment', 'listPlans', 'getPlan', 'updatePlan'),
  ...all(200, 'listConfigs', 'getConfig', 'updateConfig', 'listSchedules', 'getSchedule', 'updateSchedule'),
  ...all(200, 'pauseSchedule', 'resumeSchedule', 'previewSchedule', 'listOccurrences'),
  ...all(200, 'updateProject', 'getProject', 'listProjects', 'listKeys', 'getOwnKey', 'listHooks', 'getHook'),
  ...all(200, 'updateHook', 'rotateHook', 'listHookCalls', 'login again', 'as login'),
  ...all(201, 'createEnvironment', 'applyPlan', 'createConfig', 'createSchedule'),
  ...all(201, 'createKey', 'rotateKey', 'createHook'),
  ...all(202, 'receiveHook', 'putEvent'),
  ...all(204, 'revokeKey', 'deleteConfig', 'deleteSchedule', 'deleteHook', 'deletePlan', 'deleteEnvironment'),
};
/** And what else, if a try whose answer was lost had done it already. */
const doneBefore: Readonly<Record<string, readonly number[]>> = {
  createEnvironment: [409],
  applyPlan: [200],
  updateEnvironment: [409],
  updatePlan: [409],
  updateSchedule: [409],
  updateHook: [409],
  receiveHook: [200],
  deleteConfig: [404],
  deleteSchedule: [404],
  deleteHook: [404],
  deletePlan: [404],
  deleteEnvironment: [404],
};
/** What is made under a name of its own is made once, however often it is asked for; of all else one a request. */
const made: Readonly<Record<string, { readonly sk: string; readonly once?: true }>> = {
  createEnvironment: { sk: 'ENV', once: true },
  applyPlan: { sk: 'PLAN', once: true },
  createSchedule: { sk: 'SCHEDULE' },
  one: { sk: 'SCHEDULE' },
  other: { sk: 'SCHEDULE' },
  createKey: { sk: 'KEY' },
  rotateKey: { sk: 'KEY' },
  createHook: { sk: 'HOOK' },
};

/**
 * Someone walks through the API among the faults, and asks again what got no answer: each call must do what it does elsewhere,
 * or say that it was done already, and what it makes it makes once a request. At the end nothing is left of what they took away.
 */
export function createVisitChecker() {
  /** Items of each kind that came to be since the last answer. */
  const since = new Map<string, number>();
  /** A change was given up, so nobody knows what later calls find. */
  let isAstray = false;
  let isTidy = false;

  return {
    written({ pk, sk }: Key, before: Item | undefined, after: Item | undefined): void {
      if (before === undefined && after !== undefined && pk.startsWith(`${sk}#`))
        since.set(sk, (since.get(sk) ?? 0) + 1);
    },
    visited({ name, status, lost }: Visited): string | undefined {
      const [operation = ''] = name.split(': ');
      const { sk, once } = made[operation] ?? {};
      const count = since.get(sk ?? '') ?? 0;
      since.clear();
      if (operation === 'tidy') isTidy = true;
      const most = once ? 1 : lost + 1;
      if (sk !== undefined && count > most) return `${name} made ${count} of ${sk}, asked ${lost + 1} times`;
      // Whoever makes it twice in one go finds its name taken, by itself.
      if (once && count === 1 && (status === 200 || status === 409)) return undefined;
      if (sk !== undefined && status === 201 && count === 0) return `${name} was answered 201 and made nothing`;
      if (operation === 'tidy')
        return status < 300 || (status === 404 && name.includes('DELETE'))
          ? undefined
          : `${name} was answered ${status}`;
      const right = answers[operation];
      if (right === undefined || isAstray) return undefined;
      // One that took so long that it was taken for given up.
      if (operation === 'deletePlan' && status === 409) isAstray = true;
      else if (status === right || (lost > 0 && doneBefore[operation]?.includes(status))) return undefined;
      else if (status >= 500) isAstray ||= !isRead(operation);
      else return `${name} was answered ${status} and not ${right}, after ${lost} without an answer`;
      return undefined;
    },
    unanswered(name: string): string | undefined {
      since.clear();
      isAstray ||= !isRead(name);
      return name.startsWith('tidy') ? `${name} got no answer` : undefined;
    },
    /** What is still there of what a walk that was tidied up after had made. */
    left(items: readonly Item[]): string | undefined {
      const left = items.find(
        ({ sk, revokedAt, doc }) =>
          ['ENV', 'PLAN', 'SCHEDULE', 'HOOK', 'GONE'].includes(String(sk)) ||
          (sk === 'KEY' && revokedAt === undefined && !String(doc).includes('administrator')),
      );
      return isTidy && left !== undefined ? `${left.pk} ${left.sk} is left` : undefined;
    },
  };
}

function isRead(operation: string): boolean {
  return /^(get|list|preview|\/)/.test(operation);
}

function all(status: number, ...operations: readonly string[]): Record<string, number> {
  return Object.fromEntries(operations.map((operation) => [operation, status]));
}
