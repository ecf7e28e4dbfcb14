import type { CommandSettings } from '../../../core/executor-settings.ts';
import { goTestSelector } from './go-test.ts';
import { jestSelector } from './jest.ts';
import { mavenSurefireSelector } from './maven-surefire.ts';
import { nodeTestSelector } from './node-test.ts';
import { playwrightSelector } from './playwright.ts';
import { pytestSelector } from './pytest.ts';
import type { Selector } from './selector.ts';
import { templateSelector } from './template.ts';
import { vitestSelector } from './vitest.ts';

const builtIn = {
  'node:test': nodeTestSelector,
  vitest: vitestSelector,
  jest: jestSelector,
  playwright: playwrightSelector,
  pytest: pytestSelector,
  'maven-surefire': mavenSurefireSelector,
  'go-test': goTestSelector,
} as const;

/** The way to pick cases that the plan names; null if it names none. */
export function selectorFor({ selector }: Pick<CommandSettings, 'selector'>): Selector | null {
  if (selector === undefined) return null;
  return typeof selector === 'string' ? builtIn[selector] : templateSelector(selector);
}
