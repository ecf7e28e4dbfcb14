import type { Capabilities } from '../../core/executor.ts';
import type { ExecutorSettings } from '../../core/executor-settings.ts';
import { settingsOf } from '../../core/settings-of.ts';

/** What a workflow can do, by its plan. The grains are those of the selectors, which a trigger need not carry. */
export function githubActionsCapabilities(settings: ExecutorSettings): Capabilities {
  const { selector, callback } = settingsOf('github-actions', settings);
  const selectsCases = typeof selector === 'object' || selector === 'maven-surefire';
  const selects = selector === undefined ? 'nothing' : selectsCases ? 'cases' : 'iterations';
  return { selects, callsBack: callback, polls: true, stops: true };
}
