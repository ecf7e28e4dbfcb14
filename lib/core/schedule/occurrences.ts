import type { OccurrenceKind } from './timing.ts';

/** The occurrences of a recurrence, without the schedule's own start and end. */
export interface Occurrences {
  /** The first one strictly after. */
  next(after: number): number | undefined;
  /** The latest one at or before. */
  last(upTo: number): number | undefined;
  /** How the one at an instant came to be there. */
  kindAt(at: number): OccurrenceKind;
}
