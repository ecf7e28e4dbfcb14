import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { ApiClient } from '../client/api-client.ts';
import { applyPlan } from './apply-plans.ts';

const file = fileURLToPath(new URL('../../examples/plan.yaml', import.meta.url));

/** Applies the sample plan; answers its id, which is always 3857. */
export async function applySamplePlan(api: ApiClient): Promise<number> {
  const plan = parse(await readFile(file, 'utf8'));
  // The directory stands relative to the plan's file, which the server does not have.
  plan.executor.directory = resolve(dirname(file), plan.executor.directory);
  return (await applyPlan(api, plan)).id;
}
