import type { ComponentType } from 'preact';
import { RunPage } from './pages/run.tsx';
import { RunsPage } from './pages/runs.tsx';

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
];

/** The navigation. */
export const sections: readonly { readonly path: string; readonly name: string }[] = [{ path: '/', name: 'Runs' }];
