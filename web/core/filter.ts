import { setQuery } from './router.ts';

/** Which runs are listed, as it stands in the address. */
export type RunFilter = Partial<Record<'plan' | 'project' | 'status', string>>;

const names = ['plan', 'project', 'status'] as const;

export function filterOf(query: URLSearchParams): RunFilter {
  return Object.fromEntries(names.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : [])));
}

/** Puts filters into the address; a page further down is of another list. */
export function setFilter(change: Readonly<Record<string, string | null>>): void {
  setQuery({ ...change, cursor: null });
}

/** The filter as the API takes it; what the address bar says wrongly, the API is to refuse. */
export function toQuery({ plan, project, status }: RunFilter) {
  return {
    ...(plan === undefined ? {} : { plan: Number(plan) }),
    ...(project === undefined ? {} : { project }),
    ...(status === undefined ? {} : { status: status as 'queued' | 'running' | 'stopping' | 'completed' }),
  };
}
