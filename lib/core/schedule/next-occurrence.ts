import type { PreviewedOccurrence, Timing } from './timing.ts';

export declare function checkTiming(timing: Timing, now: number): void;
export declare function anchorOf(timing: Timing): number;
export declare function nextOccurrence(timing: Timing, after: number): number | undefined;
export declare function lastOccurrence(timing: Timing, upTo: number): number | undefined;
export declare function countOccurrences(timing: Timing, after: number, upTo: number, limit: number): number;
export declare function preview(timing: Timing, now: number, n: number): readonly PreviewedOccurrence[];
export declare function armAt(occurrence: number, scheduleId: number, jitterSeconds: number): number;
