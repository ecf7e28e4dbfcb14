import type { ComponentType } from 'preact';
import { DeliveriesPage } from './pages/deliveries.tsx';
import { PlanPage } from './pages/plan.tsx';
import { PlansPage } from './pages/plans.tsx';
import { RunPage } from './pages/run.tsx';
import { RunsPage } from './pages/runs.tsx';
import { SchedulesPage } from './pages/schedules.tsx';

export interface PageProps {
  /** Values of the pattern's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
}

interface PageRoute {
  /** A path of lib/http/routes.ts. */
  readonly pattern: string;
  /** The entry of the navigation it belongs to. */
  readonly section: string;
  readonly view: ComponentType<PageProps>;
}

/** What is where. A new page is a line here, one in `sections` if it is in the navigation, and a route of the server. */
export const pages: readonly PageRoute[] = [
  { pattern: '/', section: '/', view: RunsPage },
  { pattern: '/runs', section: '/', view: RunsPage },
  { pattern: '/runs/{id}', section: '/', view: RunPage },
  { pattern: '/plans', section: '/plans', view: PlansPage },
  { pattern: '/plans/{id}', section: '/plans', view: PlanPage },
  { pattern: '/schedules', section: '/schedules', view: SchedulesPage },
  { pattern: '/deliveries', section: '/deliveries', view: DeliveriesPage },
];

/** The navigation. */
export const sections: readonly { readonly path: string; readonly name: string }[] = [
  { path: '/', name: 'Runs' },
  { path: '/plans', name: 'Plans' },
  { path: '/schedules', name: 'Schedules' },
  { path: '/deliveries', name: 'Deliveries' },
];
