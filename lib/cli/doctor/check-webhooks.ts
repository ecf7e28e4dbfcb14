import type { ApiClient } from '../../client/api-client.ts';
import { type Check, ok, warn } from './check.ts';

const dayMs = 86_400_000;
/** Hooks whose calls are read. */
const mostHooks = 50;

/** Calls of the last day that a plan refused. What no secret signed is not kept, so of that nothing is known. */
export async function checkHooks(api: ApiClient, now: number): Promise<readonly Check[]> {
  const name = 'hooks';
  const { hooks } = (await api.GET('/v1/hooks')).data;
  const calls = await Promise.all(
    hooks.slice(0, mostHooks).map(async (hook) => {
      const { data } = await api.GET('/v1/hooks/{hookId}/calls', { params: { path: { hookId: hook.id } } });
      return { hook, calls: data.calls.filter(({ receivedAt }) => now - Date.parse(receivedAt) < dayMs) };
    }),
  );
  const refused = calls.flatMap(({ hook, calls }) => {
    const outcomes = calls.flatMap((call) => call.outcomes.filter(({ outcome }) => outcome === 'refused'));
    const [newest] = outcomes;
    if (newest === undefined) return [];
    const message = `${outcomes.length} refused in a day by hook ${hook.name} (${hook.id}), the newest by plan ${newest.planId}: ${newest.reason ?? ''}`;
    return [warn(name, message, `proctor hooks calls ${hook.id}`)];
  });
  return refused.length > 0 ? refused : [ok(name, `no call of ${hooks.length} hooks was refused in a day`)];
}

/** Deliveries of the last week that were given up, or whose subscription is disabled. */
export async function checkDeliveries(api: ApiClient, now: number): Promise<readonly Check[]> {
  const name = 'deliveries';
  const found = await Promise.all(
    (['failed', 'disabled'] as const).map(async (state) => {
      const { data } = await api.GET('/v1/deliveries', { params: { query: { state, limit: 200 } } });
      const recent = data.deliveries.filter(({ createdAt }) => now - Date.parse(createdAt) < 7 * dayMs);
      const [newest] = recent;
      if (newest === undefined) return [];
      const message = `${recent.length} ${state} in a week, the newest of plan ${newest.planId} to ${newest.host}`;
      return [warn(name, message, `proctor deliveries list --state ${state}, then deliveries replay ${newest.id}`)];
    }),
  );
  const flat = found.flat();
  return flat.length > 0 ? flat : [ok(name, 'none failed or was disabled in a week')];
}
