import { judge, reaches } from './judge.ts';
import type { Figure, Measured } from './row.ts';

type Line = readonly [row: string, what: string, today: string, target: string, verdict: string];

/** The benchmark as a Markdown table: a heading a row, its figures, the anchors; below it the floors. */
export function toTable(rows: readonly Measured[]): string {
  const lines: Line[] = [['row', 'what', 'today', 'target', 'verdict'], ...rows.flatMap(linesOf)];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const [head = '', ...body] = lines.map((line) => aligned(line, widths));
  const rule = `| ${widths.map((width, i) => (i === 2 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return `${[head, rule, ...body, ...notesOf(rows)].join('\n')}\n`;
}

/** Three significant digits below a thousand, whole numbers above it. */
export function inDigits(value: number): string {
  const digits = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString('en-US', digits);
}

function linesOf(row: Measured): Line[] {
  const head: Line = [`**${row.id}**`, `**${row.what}**`, '', row.target, `**${judge(row)}**`];
  if ('broke' in row) return [head];
  const { figures, anchors } = row.outcome;
  return [
    head,
    ...figures.map((figure): Line => ['', figure.name, withUnit(figure), targetOf(figure), verdictOf(figure)]),
    ...anchors.map((anchor): Line => ['', `_${anchor.name}_`, withUnit(anchor), '', anchor.source]),
  ];
}

function notesOf(rows: readonly Measured[]): string[] {
  return rows.flatMap((row) => {
    const note = 'broke' in row ? row.broke : row.outcome.floor;
    return note ? ['', `${row.id}: ${note}`] : [];
  });
}

function withUnit({ value, unit }: Figure): string {
  return unit === '$' ? `$${inDigits(value)}` : `${inDigits(value)} ${unit}`.trim();
}

function targetOf({ target, atLeast, unit }: Figure): string {
  if (target === undefined) return '';
  return `${atLeast ? 'at least' : 'at most'} ${withUnit({ name: '', value: target, unit })}`;
}

function verdictOf(figure: Figure): string {
  const reached = reaches(figure);
  return reached === undefined ? '' : reached ? 'holds' : 'missed';
}

function aligned(line: Line, widths: readonly number[]): string {
  const cells = line.map((cell, i) => (i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
  return `| ${cells.join(' | ')} |`;
}
