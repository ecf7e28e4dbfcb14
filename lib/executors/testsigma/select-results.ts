import type { Dispatch, PickedCase } from '../../core/executor.ts';
import type { TenantCase } from './wire.ts';

/** One case of the tenant's rerun by the id of an earlier result (contracts/testsigma.md 3.3). */
export interface ResultRequest {
  readonly id: number;
  readonly iterationReRunType?: 'USER_PICKED';
  readonly iterationResultIds?: readonly number[];
}

/** Results one rerun can name: more do not fit into a request. */
export const maxPicks = 10_000;

/**
 * The picked cases as results of an earlier run of the tenant, whose reruns know cases by these alone; undefined unless all
 * of them are there. The tenant has no classes, so they do not matter. A name that fits several results means all of them: they are one case here (see `mapResults`).
 */
export function selectResults(
  selection: readonly PickedCase[],
  dispatch: Pick<Dispatch, 'machines'>,
  rows: readonly TenantCase[],
): readonly ResultRequest[] | undefined {
  const byName = new Map<string, TenantCase[]>();
  for (const row of rows) {
    const key = keyOf(row.testSuiteName ?? '', row.testCaseName);
    const same = byName.get(key);
    if (same === undefined) byName.set(key, [row]);
    else same.push(row);
  }
  const titles = new Set(dispatch.machines.map(({ title }) => title));
  const requests = new Map<number, ResultRequest>();
  for (const { suite, name, machine, iterations = [] } of selection) {
    const found = (byName.get(keyOf(suite, name)) ?? []).filter(({ machineTitle }) => {
      if (machine !== undefined) return machineTitle === machine;
      return titles.size < 2 || titles.has(machineTitle ?? '');
    });
    if (found.length === 0) return undefined;
    for (const row of found) {
      const request = toRequest(row, iterations);
      if (request === undefined) return undefined;
      requests.set(request.id, request);
    }
  }
  return requests.size > maxPicks ? undefined : [...requests.values()];
}

function toRequest(row: TenantCase, iterations: readonly string[]): ResultRequest | undefined {
  const id = Number(row.testCaseResultId);
  const known = row.iterationResults ?? [];
  if (iterations.length === 0) return { id };
  const wanted = new Set(iterations);
  const picked = known.filter(({ setName }) => wanted.has(setName ?? ''));
  if (new Set(picked.map(({ setName }) => setName)).size < wanted.size) return undefined;
  if (picked.length === known.length) return { id };
  const iterationResultIds = picked.map(({ iterationResultId }) => Number(iterationResultId));
  return { id, iterationReRunType: 'USER_PICKED', iterationResultIds };
}

function keyOf(suite: string, name: string): string {
  return JSON.stringify([suite, name]);
}
