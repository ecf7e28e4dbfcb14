import { describe, expect, it } from 'vitest';
import { exitCode, judge } from './judge.ts';
import type { Anchor, Figure, Measured } from './row.ts';
import { inDigits, toTable } from './table.ts';

const anchor: Anchor = { name: 'others', value: 1137, unit: 'transitions', source: 'counted' };

describe('a row', () => {
  it.each<[string, Figure, 'holds' | 'missed']>([
    ['at its target', { name: 'n', value: 2, unit: '', target: 2 }, 'holds'],
    ['above it', { name: 'n', value: 2.01, unit: '', target: 2 }, 'missed'],
    ['at a lower limit', { name: 'n', value: 0.7, unit: '', target: 0.7, atLeast: true }, 'holds'],
    ['below a lower limit', { name: 'n', value: 0.69, unit: '', target: 0.7, atLeast: true }, 'missed'],
    ['that is no number', { name: 'n', value: Number.NaN, unit: '', target: 2 }, 'missed'],
    [
      'that is no number, with a lower limit',
      { name: 'n', value: Number.NaN, unit: '', target: 2, atLeast: true },
      'missed',
    ],
    ['without a target', { name: 'n', value: 1e9, unit: '' }, 'holds'],
  ])('with a figure %s is judged', (_, figure, expected) => {
    expect(judge(aRow([figure]))).toBe(expected);
  });

  it('whose target is missed is explained by its floor, and its anchors are not judged', () => {
    const slow = { name: 'n', value: 3, unit: '', target: 2 };
    expect(judge(aRow([slow], 'two of them are the network'))).toBe('explained');
    expect(judge({ ...aRow([]), outcome: { figures: [], anchors: [{ ...anchor, target: 1 }] } })).toBe('holds');
  });
});

describe('the benchmark', () => {
  const holds = aRow([{ name: 'n', value: 1, unit: '', target: 2 }]);
  const missed = aRow([{ name: 'n', value: 3, unit: '', target: 2 }]);
  const explained = aRow([{ name: 'n', value: 3, unit: '', target: 2 }], 'why');
  const broke: Measured = { id: 'P1', what: 'w', target: 't', seconds: 1, broke: 'ended with 1, without figures' };

  it.each<[string, readonly Measured[], 0 | 1]>([
    ['all hold', [holds, holds], 0],
    ['one says why not', [holds, explained], 0],
    ['one regressed', [holds, missed], 1],
    ['one broke', [broke, holds], 1],
    ['there is none', [], 1],
  ])('exits by what became of its rows: %s', (_, rows, code) => {
    expect(exitCode(rows)).toBe(code);
  });

  it('prints figures with their targets, anchors with their source, and the floors below', () => {
    const figures = [{ name: 'without a rerun', value: 3, unit: 'transitions', target: 2 }];
    const row = aRow(figures, 'one is the end');
    expect(toTable([row, { ...broke, id: 'P2' }])).toBe(
      [
        '| row    | what            |             today | target                | verdict       |',
        '| ------ | --------------- | ----------------: | --------------------- | ------------- |',
        '| **P1** | **what it is**  |                   | two                   | **explained** |',
        '|        | without a rerun |     3 transitions | at most 2 transitions | missed        |',
        '|        | _others_        | 1,137 transitions |                       | counted       |',
        '| **P2** | **w**           |                   | t                     | **broke**     |',
        '',
        'P1: one is the end',
        '',
        'P2: ended with 1, without figures',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [1137.4, '1,137'],
    [0.1234, '0.123'],
    [2, '2'],
    [69.55, '69.6'],
    [100_000, '100,000'],
  ])('writes %f as people read it', (value, text) => {
    expect(inDigits(value)).toBe(text);
  });
});

function aRow(figures: readonly Figure[], floor?: string): Measured & { outcome: object } {
  const outcome = { figures, anchors: [anchor], ...(floor === undefined ? {} : { floor }) };
  return { id: 'P1', what: 'what it is', target: 'two', seconds: 1, outcome };
}
