import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPacker, type EntryResult, maxPartBytes, unpack } from '../../lib/core/batch.ts';
import type { Catalog, CatalogEntry } from '../../lib/core/catalog.ts';
import type { CaseState } from '../../lib/core/report.ts';
import { hasFolded, packResults, unpackResults } from '../../lib/core/result-chunks.ts';
import { caseResults } from '../../lib/core/results.ts';

const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 300 }), { nil: undefined });
const entry = fc
  .record({
    position: fc.nat(100_000),
    result: fc.constantFrom(...caseResults),
    durationMs: fc.nat(10_000_000),
    message: text,
    details: text,
  })
  .map(({ message, details, ...rest }): EntryResult => {
    return { ...rest, ...(message === undefined ? {} : { message }), ...(details === undefined ? {} : { details }) };
  });

function pack(entries: readonly EntryResult[]): Uint8Array[] {
  const packer = createPacker();
  for (const one of entries) packer.add(one);
  return packer.finish();
}

test('whatever is packed comes back in order', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 200 }), (entries) => {
      expect(pack(entries).flatMap(unpack)).toEqual(entries);
    }),
  );
});

test('long messages that do not compress start new parts, so that every part fits an item', () => {
  const noise = () =>
    Array.from({ length: 16_000 }, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000))).join('');
  const entries = Array.from({ length: 60 }, (_, position): EntryResult => {
    return { position, result: 'failed', durationMs: 1, details: noise() };
  });
  const parts = pack(entries);
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) expect(part.byteLength).toBeLessThanOrEqual(maxPartBytes);
  expect(parts.flatMap(unpack)).toEqual(entries);
});

test('a hundred thousand passed cases take a few bytes each', () => {
  const entries = Array.from({ length: 100_000 }, (_, position): EntryResult => {
    return { position, result: 'passed', durationMs: (position * 7919) % 3000 };
  });
  const bytes = pack(entries).reduce((sum, part) => sum + part.byteLength, 0);
  expect(bytes / entries.length).toBeLessThan(4);
});

test('stored results give back cases, iterations, attempts and flakiness', () => {
  const entries: CatalogEntry[] = [
    { kind: 'suite', name: 'S' },
    { kind: 'case', parent: 0, className: '', name: 'plain' },
    { kind: 'case', parent: 0, className: '', name: 'driven' },
    { kind: 'iteration', parent: 2, name: 'a' },
    { kind: 'iteration', parent: 2, name: 'b' },
  ];
  const catalog: Catalog = { entries, ids: [1, 2, 3, 4, 5] };
  const state = { result: 'passed', durationMs: 5, attempt: 1, flaky: false } as const;
  const cases: CaseState[] = [
    { ...state, position: 1, attempt: 2, flaky: true, iterations: [] },
    {
      ...state,
      position: 2,
      result: 'failed',
      message: 'no',
      details: 'at x',
      iterations: [
        { ...state, position: 3 },
        { ...state, position: 4, result: 'failed', message: 'no', details: 'at x' },
      ],
    },
  ];
  const chunks = packResults({ cases, batchIds: ['1#x', '2#y'] });
  expect(unpackResults(chunks, catalog)).toEqual(cases);
  const head = chunks[0] as Uint8Array;
  expect(hasFolded(head, { attempt: 2, batchId: 'y' })).toBe(true);
  expect(hasFolded(head, { attempt: 1, batchId: 'y' })).toBe(false);
});
