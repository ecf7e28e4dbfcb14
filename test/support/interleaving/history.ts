import type { Item, Key } from '../../../lib/adapters/dynamodb/table.ts';
import type { BusEvent } from '../../../lib/core/ports.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';

/** What a job sent in one go. */
export interface SentBatch {
  readonly runId: number;
  readonly attempt: number;
  readonly batchId: string;
  readonly seq: number;
  readonly cases: readonly ReportedCase[];
  readonly isFinal: boolean;
}

/** Something that happened at a port, or between a client and us: all that the checker may look at. */
export type Happened =
  | { readonly what: 'written'; readonly key: Key; readonly before: Item | undefined; readonly after: Item | undefined }
  | { readonly what: 'triggered'; readonly client: string; readonly key?: string; readonly runId: number }
  | { readonly what: 'refused'; readonly client: string; readonly code: string }
  | { readonly what: 'stopped'; readonly runId: number; readonly status: string; readonly result?: string }
  | { readonly what: 'sent'; readonly batch: SentBatch }
  | { readonly what: 'answered'; readonly batch: SentBatch; readonly as: 'acknowledged' | 'refused' }
  | {
      readonly what: 'dispatched';
      readonly job: string;
      readonly runId: number;
      readonly attempt: number;
      /** Names of the cases, each after that of its suite; null is everything. */
      readonly selection: readonly string[] | null;
    }
  /** Somebody sends results of the run besides its jobs. */
  | { readonly what: 'uploaded'; readonly runId: number }
  | { readonly what: 'jobEnded'; readonly job: string }
  | { readonly what: 'executionStarted'; readonly runId: number }
  /** Someone who walks through the API got an answer, after so many tries that were lost; or gave up without one. */
  | {
      readonly what: 'visited';
      readonly name: string;
      readonly status: number;
      readonly lost: number;
      readonly body?: unknown;
    }
  | { readonly what: 'unanswered'; readonly name: string }
  | { readonly what: 'published'; readonly event: BusEvent }
  | { readonly what: 'gaveUpJob'; readonly runId: number }
  /** No more faults: from here on everything has to come to its end. */
  | { readonly what: 'calm' }
  | { readonly what: 'timePassed' };

export type Event = Happened & { readonly at: number };

/** An invariant of reliability.md 3.5 that does not hold. */
export interface Anomaly {
  readonly rule: string;
  readonly what: string;
  readonly at: number;
}
