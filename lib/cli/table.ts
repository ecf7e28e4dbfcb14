import { plain } from './terminal.ts';

/** Columns under their names, two blanks apart. */
export function toTable(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [names, ...rows.map((row) => row.map((cell) => plain(String(cell ?? '-'), 80)))];
  const widths = names.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One thing, its members below each other. */
export function toList(members: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(members).map((name) => name.length));
  return Object.entries(members)
    .map(([name, value]) => `${name.padEnd(width)}  ${plain(String(value ?? '-'))}`)
    .join('\n');
}
