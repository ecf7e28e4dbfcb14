import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readJUnit } from '../../../lib/adapters/junit/read-junit.ts';
import { isServiceError } from '../../../lib/core/errors.ts';
import { cpuInTurn } from '../measure/cpu.ts';
import { largeJunit } from '../measure/large-junit.ts';
import { bySaxes, type Ingest, installedParsers, ours } from '../measure/parsers.ts';
import type { Anchor, Row } from '../row.ts';

const cases = 100_000;
const rounds = 3;

/** Parsing, placing in a catalog and packing, by whatever parses; those that are installed from npm go fewer rounds. */
export const row: Row = {
  id: 'P7',
  what: 'ingest of a JUnit file of 100,000 cases, parsed and packed',
  target: 'no more CPU than saxes x 1.1, peak 340 MB; DTDs refused',
  async measure(say) {
    const chunks = largeJunit(cases);
    const folder = mkdtempSync(join(tmpdir(), 'proctor-bench-'));
    try {
      const file = join(folder, 'report.xml');
      writeFileSync(file, Buffer.concat(chunks));
      writeFileSync(`${file}.gz`, gzipSync(Buffer.concat(chunks)));
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      say(`${(bytes / 1e6).toFixed(1)} MB`);
      const peakMb = await peakAlone(`${file}.gz`);
      const count = (ingest: Ingest) => async () => {
        const found = await ingest(chunks);
        if (found !== cases) throw new Error(`${found} cases`);
      };
      const taken = await cpuInTurn({ ours: count(ours), saxes: count(bySaxes) }, rounds, say);
      const others = await measureOthers(file, count, say);
      return {
        figures: [
          { name: 'CPU against saxes', value: taken.ours / taken.saxes, unit: 'x', target: 1.1 },
          { name: 'CPU', value: taken.ours, unit: 'ms' },
          { name: 'peak memory, in a process of its own', value: peakMb, unit: 'MB', target: 340 },
          { name: 'documents with a DTD refused', value: await refusedDtds(), unit: 'of 3', target: 3, atLeast: true },
        ],
        anchors: [{ name: 'saxes', value: taken.saxes, unit: 'ms', source: 'measured' }, ...others],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measureOthers(
  file: string,
  count: (ingest: Ingest) => () => Promise<void>,
  say: (text: string) => void,
): Promise<Anchor[]> {
  let parsers: Readonly<Record<string, Ingest>>;
  try {
    parsers = await installedParsers(file);
  } catch (error) {
    say(`the other parsers cannot be installed: ${(error as Error).message}`);
    const published = { 'fast-xml-parser': 1700, junit2json: 2000, 'test-results-parser': 1900 };
    return Object.entries(published).map(([name, value]) => ({ name, value, unit: 'ms', source: 'published' }));
  }
  const works = Object.fromEntries(Object.entries(parsers).map(([name, ingest]) => [name, count(ingest)]));
  const taken = await cpuInTurn(works, 2, say);
  return Object.entries(taken).map(([name, value]) => ({ name, value, unit: 'ms', source: 'measured' }));
}

async function peakAlone(file: string): Promise<number> {
  const script = fileURLToPath(new URL('../measure/ingest-alone.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, file]);
  const { cases: found, peakMb } = JSON.parse(stdout) as { cases: number; peakMb: number };
  if (found !== cases) throw new Error(`${found} cases`);
  return peakMb;
}

/** Declarations that harm careless parsers: nested entities, a file of the machine, and none at all. */
async function refusedDtds(): Promise<number> {
  const documents = [
    '<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;">]><testsuite><testcase name="&d;"/></testsuite>',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><testsuite><testcase name="c">&b;</testcase></testsuite>',
    '<!DOCTYPE testsuite><testsuite><testcase name="c"/></testsuite>',
  ];
  let refused = 0;
  for (const document of documents) {
    try {
      for await (const _ of readJUnit([Buffer.from(document)])) break;
    } catch (error) {
      if (!isServiceError(error, 'REPORT_UNREADABLE')) throw error;
      refused += 1;
    }
  }
  return refused;
}
