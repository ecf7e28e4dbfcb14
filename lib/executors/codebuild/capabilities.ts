import type { Capabilities } from '../../core/executor.ts';
import type { CommandSettings, ExecutorSettings } from '../../core/executor-settings.ts';

/**
 * What a build can do; for plans of `command` too, where a build runs them. The end comes as an event of CodeBuild, which
 * wakes the run: polling is the safety net.
 */
export function codebuildCapabilities(settings: ExecutorSettings): Capabilities {
  const selector = 'selector' in settings ? settings.selector : undefined;
  return { selects: grainOf(selector), callsBack: true, polls: true, stops: true };
}

/** The grain of the selector, told apart from the selectors themselves because a trigger needs nothing else of them. */
function grainOf(selector: CommandSettings['selector']): Capabilities['selects'] {
  if (selector === undefined) return 'nothing';
  return selector === 'maven-surefire' || typeof selector === 'object' ? 'cases' : 'iterations';
}
