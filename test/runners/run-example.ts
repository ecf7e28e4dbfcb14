import { cpSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { startTestSystem } from '../support/local.ts';

/**
 * Runs the plan of a folder of `examples`, on a copy with the modules beside it and what `settle` adds: of its three cases one fails at first, is
 * rerun alone and passes.
 */
export async function runExample(
  name: string,
  modules?: string,
  settle: (directory: string) => void = () => {},
): Promise<void> {
  const proctor = await startTestSystem();
  try {
    const directory = join(mkdtempSync(join(proctor.directory, 'example-')), name);
    cpSync(join('examples', name), directory, { recursive: true, filter: (path) => !path.includes('node_modules') });
    if (modules !== undefined) symlinkSync(modules, join(directory, 'node_modules'));
    settle(directory);
    const plan = parse(readFileSync(join(directory, 'plan.yaml'), 'utf8'));
    const applied = await proctor.post<{ id: number }>('/v1/plans', {
      ...plan,
      executor: { ...plan.executor, directory },
    });
    expect(applied, applied.text).toMatchObject({ status: 201 });
    const { body } = await proctor.post<{ id: number }>(`/v1/plans/${applied.body.id}/runs`, {});
    const run = await proctor.completed(body.id);
    expect(run, run.explanation).toMatchObject({
      result: 'passed',
      attempt: 2,
      counts: { total: 3, passed: 3, flaky: 1 },
    });
    const { body: told } = await proctor.call<{ attempts: readonly object[] }>(`/v1/runs/${body.id}/attempts`);
    expect(told.attempts).toMatchObject([
      { requestedCount: null, executing: 'everything' },
      { requestedCount: 1, executing: expect.stringMatching(/^1 case/) },
    ]);
  } finally {
    await proctor.close();
  }
}
