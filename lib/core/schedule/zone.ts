import type { OccurrenceKind } from './timing.ts';

export type Zone = { readonly name: string; readonly fixedOffsetSeconds?: number };
export interface Wall { readonly year: number; readonly month: number; readonly day: number; readonly hour: number; readonly minute: number; readonly second: number }
export declare function resolveZone(text: string): Zone | undefined;
export declare function toInstant(zone: Zone, wall: Wall): { readonly at: number; readonly kind: OccurrenceKind };
export declare function toWall(zone: Zone, at: number): Wall & { readonly offsetMinutes: number };
