import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseName } from '../../lib/core/results.ts';
import type { TestSystem } from '../support/local.ts';
import type { FixtureCase } from './names.ts';
import type { CommandPlan } from './prove-rerun.ts';

/** A test runner with projects to try it on. Whatever it needs is prepared by the first call; what cannot be, throws. */
export interface Runner {
  readonly selector: string;
  version(): string;
  /** Writes a project of that many cases into the empty directory. */
  writeProject(directory: string, count: number): { readonly executor: CommandPlan; readonly cases: FixtureCase[] };
  /** Writes a project of one data-driven case with the named iterations, of which one fails. */
  writeIterations(directory: string, names: readonly string[], failing: string): CommandPlan;
  /** What a plan calls that case. */
  readonly dataDriven: CaseName;
}

/** An empty directory for a project; it goes with the system. */
export function newProject({ directory }: TestSystem): string {
  return mkdtempSync(join(directory, 'project-'));
}
