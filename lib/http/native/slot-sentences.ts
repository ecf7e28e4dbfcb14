import type { Services } from '../../core/ports.ts';
import { isVisible, type Run } from '../../core/run.ts';
import { partsOf, type SlotKey, type SlotSet } from '../../core/slots.ts';
import { maySee } from '../entry.ts';
import type { Principal } from '../message.ts';

/**
 * What the run waits for a slot of, each with how many are taken and by whom: `environment staging (2 of 2 taken by runs 12,
 * 14)`. Runs the caller may not see are counted and not named.
 */
export async function describeSlots(services: Services, principal: Principal, run: Run): Promise<string[]> {
  const keys = run.status === 'queued' ? (run.waitsForSlots ?? []) : [];
  if (keys.length === 0) return [];
  const sets = await services.slots.readSlots(keys);
  const holders = await services.runs.getRuns([...new Set(sets.flatMap((set) => [...set.holders.keys()]))]);
  const visible = new Set(holders.filter((held) => isVisible(held) && maySee(principal, held)).map(({ id }) => id));
  return Promise.all(keys.map((key, i) => describe(services, key, sets[i], run, visible)));
}

async function describe(
  services: Services,
  key: SlotKey,
  set: SlotSet | undefined,
  run: Run,
  visible: ReadonlySet<number>,
): Promise<string> {
  const { kind, id } = partsOf(key);
  const environment = kind === 'environment' ? await services.environments.getEnvironment(Number(id)) : undefined;
  const name = `${kind} ${environment?.name ?? id}`;
  if (environment !== undefined && !environment.enabled) return `${name}, which is disabled`;
  const taken = set?.holders.size ?? 0;
  const all = environment?.capacity ?? (kind === 'key' ? run.limits?.key : undefined) ?? set?.slots;
  const named = [...(set?.holders.keys() ?? [])].filter((runId) => visible.has(runId)).sort((a, b) => a - b);
  const shown = named.slice(0, 5).join(', ');
  const by =
    named.length === 0 ? '' : ` by ${named.length === 1 ? 'run' : 'runs'} ${shown}${named.length > 5 ? ', …' : ''}`;
  const older = [...(set?.waiting ?? [])].filter((other) => other < run.id).length;
  const behind = older === 0 ? '' : `, and ${older} older ${older === 1 ? 'run waits' : 'runs wait'} for one`;
  return `${name} (${taken}${all === undefined ? '' : ` of ${all}`} taken${by}${behind})`;
}
