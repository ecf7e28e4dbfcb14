import { createHash } from 'node:crypto';
import type { ExecutorSettings } from './executor-settings.ts';

/**
 * What is known of an executor that fails, by its target. One that never failed has none, one that works again no failures.
 *
 *              three failed attempts in a row         a try after that time fails
 *   closed ──────────────────────────────────► open ◄──────────────────────────── half-open
 *     ▲                                         │  until `openUntil`                 │ ▲
 *     │                                         └────────────────────────────────────┼─┘ one run has `probe`
 *     └──────────────────────────────────────────────────────────────────────────────┘ it takes an attempt
 */
export interface Circuit {
  /** Grows with every write; each is conditional on it. */
  readonly version: number;
  /** Attempts that failed one after the other. */
  readonly failures: number;
  /** When the first and the last of them failed, in epoch milliseconds. */
  readonly since: number;
  readonly lastAt: number;
  /** What the last failure was about: an executor nobody reaches, or one that loses what it took. */
  readonly kind: 'dispatch' | 'attempt';
  /** How often it opened, one time after the other. */
  readonly opened: number;
  /** Nothing is dispatched before; absent while closed. */
  readonly openUntil?: number;
  /** The attempt that tries it, and until when nobody else does. */
  readonly probe?: string;
  readonly probeUntil?: number;
}

/** Where an executor is: `id` tells targets apart, `name` is for people and names no secret. */
export interface Target {
  readonly id: string;
  readonly name: string;
}

/** What a dispatch may do: go, go as the one that tries, or look again. */
export type Passage =
  | { readonly next: 'go' }
  | { readonly next: 'probe' }
  | { readonly next: 'wait'; readonly seconds: number };

/**
 * Attempts that must fail in a row before others wait. One counts once it is given up, which takes a dispatch six tries and a
 * minute: a restart of the executor opens nothing, one broken run alone neither.
 */
export const failuresToOpen = 3;
/** Seconds it stays open the first time, the second, …; the last of them again and again. */
const openSeconds = [30, 60, 120, 300] as const;
/** Failures further apart than this are not in a row. */
const forgetMs = 3_600_000;
/** How long one run has the executor to itself to try it: as long as a call may take. */
export const probeMs = 60_000;

/** Settings that say where an executor is, and as whom; the others say what it runs there. */
const placeNames = ['project', 'repository', 'region', 'company', 'username', 'apiKey', 'token'] as const;
const urlNames = ['url', 'apiUrl'] as const;

/** The target of the settings; none for what runs in this very process. */
export function targetOf(settings: ExecutorSettings): Target | undefined {
  if (settings.type === 'command' || settings.type === 'group') return undefined;
  const given = new Map<string, unknown>(Object.entries(settings));
  const hosts = urlNames.flatMap((name) => hostOf(given.get(name)) ?? []);
  const places = placeNames.flatMap((name) => {
    const value = given.get(name);
    return typeof value === 'string' || typeof value === 'number' ? [`${name}=${value}`] : [];
  });
  const id = createHash('sha256')
    .update(JSON.stringify([settings.type, hosts, places]))
    .digest('hex')
    .slice(0, 32);
  const shown = [...hosts, ...['project', 'repository'].flatMap((name) => given.get(name) ?? [])];
  return { id, name: [settings.type, ...shown].join(' ') };
}

/** What a dispatch may do at the time. */
export function passageOf(circuit: Circuit | undefined, now: number): Passage {
  if (circuit?.openUntil === undefined) return { next: 'go' };
  const left = (circuit.openUntil - now) / 1000;
  // Lengths both drivers can wait all day: whoever waits looks once a minute.
  if (left > 0) return { next: 'wait', seconds: left <= 30 ? 30 : 60 };
  return now < (circuit.probeUntil ?? 0) ? { next: 'wait', seconds: 15 } : { next: 'probe' };
}

/** An attempt takes it on itself to try the executor; only one write of a version can do so. */
export function claimProbe(circuit: Circuit, probe: string, now: number): Circuit {
  return { ...circuit, version: circuit.version + 1, probe, probeUntil: now + probeMs };
}

/** After a failure of the attempt named `attempt`; undefined if that says nothing new. */
export function afterFailure(
  circuit: Circuit | undefined,
  kind: Circuit['kind'],
  attempt: string,
  now: number,
): Circuit | undefined {
  if (circuit?.openUntil !== undefined) {
    // Others fail late because of what opened it; only who tries it tells how it is now.
    return circuit.probe === attempt
      ? open({ ...circuit, kind, lastAt: now, version: circuit.version + 1 }, now)
      : undefined;
  }
  const isFirst = circuit === undefined || circuit.failures === 0 || now - circuit.lastAt > forgetMs;
  const next: Circuit = isFirst
    ? { version: (circuit?.version ?? 0) + 1, failures: 1, since: now, lastAt: now, kind, opened: 0 }
    : { ...circuit, version: circuit.version + 1, failures: circuit.failures + 1, lastAt: now, kind };
  return next.failures >= failuresToOpen ? open(next, now) : next;
}

/**
 * After the executor took an attempt: it works again if it could not be reached before. One that loses what it takes is on
 * probation: closed, but open again with the next loss. Undefined if that says nothing new.
 */
export function afterAccepted(circuit: Circuit): Circuit | undefined {
  if (circuit.failures === 0) return undefined;
  if (circuit.kind === 'dispatch') return reset(circuit);
  if (circuit.openUntil === undefined) return undefined;
  return close({ ...circuit, version: circuit.version + 1, failures: failuresToOpen - 1 });
}

/** After an attempt ended well that it took on probation. */
export function afterGoodEnd(circuit: Circuit): Circuit | undefined {
  return isOnProbation(circuit) ? reset(circuit) : undefined;
}

/** Of an executor that loses attempts nobody can say that it works before one ended well. */
export function isOnProbation({ failures, kind }: Circuit): boolean {
  return failures > 0 && kind === 'attempt';
}

/** After an executor that is tried asked to be left alone: it stays open that long, and no longer the next time. */
export function afterHold(circuit: Circuit, seconds: number, now: number): Circuit {
  const { probe: _probe, probeUntil: _until, ...rest } = circuit;
  return { ...rest, version: circuit.version + 1, openUntil: now + seconds * 1000 };
}

function open(circuit: Circuit, now: number): Circuit {
  const { probe: _probe, probeUntil: _until, ...rest } = circuit;
  const seconds = openSeconds[Math.min(circuit.opened, openSeconds.length - 1)] ?? 300;
  return { ...rest, opened: circuit.opened + 1, openUntil: now + seconds * 1000 };
}

function reset(circuit: Circuit): Circuit {
  return close({ ...circuit, version: circuit.version + 1, failures: 0, opened: 0 });
}

function close(circuit: Circuit): Circuit {
  const { openUntil: _openUntil, probe: _probe, probeUntil: _until, ...rest } = circuit;
  return rest;
}

function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : undefined;
}
