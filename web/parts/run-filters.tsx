import { type RunFilter, setFilter } from '../core/filter.ts';
import { usePlans } from '../core/use-plans.ts';

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
      <Choice
        label="Project"
        name="project"
        value={filter.project}
        all="All projects"
        options={projects.map((name) => [name, name])}
      />
      <Choice
        label="Plan"
        name="plan"
        value={filter.plan}
        all="All plans"
        options={ofProject.map(({ id, name }) => [String(id), name])}
      />
      <Choice label="Status" name="status" value={filter.status} all="Any status" options={statuses} />
    </search>
  );
}

function Choice({
  label,
  name,
  value = '',
  all,
  options,
}: {
  readonly label: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly all: string;
  readonly options: readonly (readonly [value: string, word: string])[];
}) {
  // What is chosen stays to be seen, though it may not be known.
  const shown =
    value === '' || options.some(([option]) => option === value) ? options : [...options, [value, value] as const];
  return (
    <select
      aria-label={label}
      class={value === '' ? '' : 'chosen'}
      value={value}
      onChange={({ currentTarget }) => setFilter({ [name]: currentTarget.value })}
    >
      <option value="">{all}</option>
      {shown.map(([option, word]) => (
        <option key={option} value={option}>
          {word}
        </option>
      ))}
    </select>
  );
}
