import { formatWallMs } from './wall.ts';

/**
 * The one-time expression of EventBridge Scheduler for an instant, in UTC: `at(yyyy-mm-ddThh:mm:ss)`. The form needs seconds and
 * has no fraction; whatever is armed must not come early, so a fraction counts as the next second. The service promises the minute
 * only: it may invoke up to 59 s after.
 */
export function toSchedulerExpression(at: number): string {
  return `at(${formatWallMs(Math.ceil(at / 1000) * 1000)})`;
}
