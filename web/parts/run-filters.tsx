import { type RunFilter, setFilter } from '../core/filter.ts';
import { usePlans } from '../core/use-plans.ts';
import { Select } from './select.tsx';

const statuses = [
  ['queued', 'Queued'],
  ['running', 'Running'],
  ['stopping', 'Stopping'],
  ['completed', 'Completed'],
] as const;

/** Which runs are listed. */
export function RunFilters({ filter }: { readonly filter: RunFilter }) {
  const plans = usePlans().data ?? [];
  const projects = [...new Set(plans.map(({ project }) => project))].sort();
  const ofProject = plans.filter(({ project }) => filter.project === undefined || project === filter.project);
  return (
    <search class="filters">
      <Select
        label="Project"
        value={filter.project ?? null}
        onChange={(project) => setFilter({ project })}
        all="All projects"
        options={projects.map((name) => [name, name])}
      />
      <Select
        label="Plan"
        value={filter.plan ?? null}
        onChange={(plan) => setFilter({ plan })}
        all="All plans"
        options={ofProject.map(({ id, name }) => [String(id), name])}
      />
      <Select
        label="Status"
        value={filter.status ?? null}
        all="Any status"
        options={statuses}
        onChange={(status) => setFilter({ status })}
      />
    </search>
  );
}
