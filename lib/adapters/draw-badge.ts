import { makeBadge } from 'badge-maker';
import type { Badge } from '../core/badge.ts';

/** The badge as SVG, the same bytes for the same badge. Other styles need fonts that the bundle leaves out. */
export function drawBadge({ label, message, tone }: Badge): string {
  return makeBadge({ label, message, color: colours[tone], style: 'flat' });
}

const colours: Readonly<Record<Badge['tone'], string>> = {
  good: 'brightgreen',
  bad: 'red',
  broken: 'orange',
  unknown: 'lightgrey',
};
