import type { Dispatch } from '../core/executor.ts';

/**
 * What the job of an attempt is found by at an executor that keeps jobs for long: the attempt's key, and the time of its
 * trigger, because the numbers of runs begin anew in another deployment, an emptied data directory or a new table.
 */
export function markerOf({ key, createdAt }: Pick<Dispatch, 'key' | 'createdAt'>): string {
  return `${key}-${createdAt.toString(36)}`;
}
