/** A filter: all, or one of the options. */
export function Select({
  label,
  value,
  all,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string | null;
  readonly all: string;
  readonly options: readonly (readonly [value: string, word: string])[];
  readonly onChange: (value: string) => void;
}) {
  const chosen = value ?? '';
  // What is chosen stays to be seen, though it may not be known.
  const shown =
    chosen === '' || options.some(([option]) => option === chosen) ? options : [...options, [chosen, chosen] as const];
  return (
    <select
      aria-label={label}
      class={chosen === '' ? '' : 'chosen'}
      value={chosen}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
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
