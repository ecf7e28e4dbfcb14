import { stringify } from 'csv-stringify/sync';
import { type Catalog, idOf, nameOf } from '../../core/catalog.ts';
import type { EntryState } from '../../core/report.ts';
import { resultIdAt } from '../../core/run.ts';
import type { RunView } from '../../workflow/read-run.ts';

const columns = [
  'suite',
  'class',
  'case',
  'iteration',
  'machine',
  'result',
  'flaky',
  'attempt',
  'duration_ms',
  'message',
  'reported_result',
  'override_comment',
  'case_id',
  'result_id',
] as const;

/**
 * The cases of a run as CSV (RFC 4180), each followed by its iterations. It begins with a byte order mark, without which
 * Excel takes UTF-8 for something else, and a text that a spreadsheet would take for a formula has an apostrophe before it.
 */
export function writeCsvReport({ run, catalog, cases }: RunView): string {
  const toRow = (caseName: readonly string[], state: EntryState): Row => [
    ...caseName,
    state.result,
    state.flaky,
    state.attempt,
    state.durationMs,
    state.message ?? '',
    state.overridden?.original ?? '',
    state.overridden?.comment ?? '',
    idOf(catalog, state.position),
    resultIdAt(run, state.position),
  ];
  const rows = cases.flatMap((testCase) => [
    toRow(namesOf(catalog, testCase.position), testCase),
    ...testCase.iterations.map((iteration) =>
      toRow(namesOf(catalog, testCase.position, catalog.entries[iteration.position]?.name), iteration),
    ),
  ]);
  return stringify(rows, {
    header: true,
    columns: [...columns],
    bom: true,
    record_delimiter: 'windows',
    escape_formulas: true,
    cast: { boolean: (value) => (value ? 'yes' : 'no') },
  });
}

type Row = readonly (string | number | boolean)[];

function namesOf(catalog: Catalog, position: number, iteration = ''): string[] {
  const { suite, className, name, machine = '' } = nameOf(catalog, position);
  return [suite, className, name, iteration, machine];
}
