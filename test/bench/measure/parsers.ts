import { pathToFileURL } from 'node:url';
import { SaxesParser } from 'saxes';
import { readJUnit } from '../../../lib/adapters/junit/read-junit.ts';
import { createPacker } from '../../../lib/core/batch.ts';
import { emptyCatalog, indexCatalog } from '../../../lib/core/catalog.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import { anchorPath } from '../anchors.ts';

/** Reads the document and packs its results as they are stored; answers how many there were. */
export type Ingest = (chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) => Promise<number>;

/** What becomes of every case, whoever parsed it: its place in the plan's catalog, and its bytes. */
function createStore(): { add(reported: ReportedCase): void; finish(): number } {
  const index = indexCatalog(emptyCatalog);
  const packer = createPacker();
  return {
    add(reported) {
      const { result, durationMs, message, details } = reported;
      const text = { ...(message === undefined ? {} : { message }), ...(details === undefined ? {} : { details }) };
      packer.add({ position: index.place(reported), result, durationMs, ...text });
    },
    finish() {
      packer.finish();
      return packer.size;
    },
  };
}

export const ours: Ingest = async (chunks) => {
  const store = createStore();
  for await (const batch of readJUnit(chunks)) batch.forEach(store.add);
  return store.finish();
};

/** The fastest safe parser there is, with no more around it than the cases need. */
export const bySaxes: Ingest = async (chunks) => {
  const store = createStore();
  const parser = new SaxesParser({ xmlns: false, position: false });
  let suite = '';
  let open: { attributes: Record<string, string>; result: 'passed' | 'failed'; message: string } | undefined;
  let failing = false;
  let text = '';
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'testsuite') suite = attributes.name ?? '';
    else if (name === 'testcase') open = { attributes, result: 'passed', message: '' };
    else if ((name === 'failure' || name === 'error') && open) {
      failing = true;
      Object.assign(open, { result: 'failed', message: attributes.message ?? '' });
    }
  });
  const take = (more: string): void => {
    if (failing) text += more;
  };
  parser.on('text', take);
  parser.on('cdata', take);
  parser.on('closetag', ({ name }) => {
    if (name === 'failure' || name === 'error') failing = false;
    if (name !== 'testcase' || open === undefined) return;
    store.add(toCase(suite, open.attributes, open.result, open.message, text));
    open = undefined;
    text = '';
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunks) parser.write(decoder.decode(chunk, { stream: true }));
  parser.close();
  return store.finish();
};

/** What others parse JUnit XML with, installed in the versions they had on 2026-11-26. Each gets the document as it takes it. */
export async function installedParsers(file: string): Promise<Readonly<Record<string, Ingest>>> {
  const load = async (name: string, version: string, entry: string) =>
    import(pathToFileURL(`${await anchorPath(name, version)}/${entry}`).href);
  const { XMLParser } = await load('fast-xml-parser', '5.12.1', 'src/fxp.js');
  const junit2json = await load('junit2json', '4.0.0', 'dist/esm/index.js');
  const { default: testResults } = await load('test-results-parser', '0.4.6', 'src/index.js');
  return {
    'fast-xml-parser': async (chunks) => {
      const store = createStore();
      const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseAttributeValue: false });
      const { testsuites } = parser.parse(await wholeText(chunks)) as { testsuites: { testsuite: FoundSuite[] } };
      for (const suite of testsuites.testsuite) storeSuite(store, suite);
      return store.finish();
    },
    junit2json: async (chunks) => {
      const store = createStore();
      const { testsuite } = (await junit2json.parse(await wholeText(chunks))) as { testsuite: FoundSuite[] };
      for (const suite of testsuite) storeSuite(store, suite);
      return store.finish();
    },
    // It takes files only.
    'test-results-parser': async () => {
      const store = createStore();
      const { suites } = testResults.parse({ type: 'junit', files: [file] }) as { suites: ParsedSuite[] };
      for (const suite of suites)
        for (const { name, status, duration, failure, stack_trace } of suite.cases)
          store.add(
            toCase(
              suite.name,
              { name, time: String(duration / 1000) },
              status === 'PASS' ? 'passed' : 'failed',
              failure,
              stack_trace,
            ),
          );
      return store.finish();
    },
  };
}

interface FoundCase {
  readonly name: string;
  readonly classname?: string;
  readonly time?: string | number;
  readonly file?: string;
  readonly failure?: FoundFailure | readonly FoundFailure[];
}
interface FoundFailure {
  readonly message?: string;
  readonly inner?: string;
  readonly '#text'?: string;
}
interface FoundSuite {
  readonly name: string;
  readonly testcase: readonly FoundCase[];
}
interface ParsedSuite {
  readonly name: string;
  readonly cases: readonly {
    readonly name: string;
    readonly status: string;
    readonly duration: number;
    readonly failure: string;
    readonly stack_trace: string;
  }[];
}

function storeSuite(store: ReturnType<typeof createStore>, { name: suite, testcase }: FoundSuite): void {
  for (const { name, classname = '', time = '0', file, failure } of testcase) {
    const [first] = [failure ?? []].flat() as FoundFailure[];
    const attributes = { name, classname, time: String(time), file };
    const text = first?.inner ?? first?.['#text'] ?? '';
    store.add(toCase(suite, attributes, first === undefined ? 'passed' : 'failed', first?.message ?? '', text));
  }
}

function toCase(
  suite: string,
  { name = '', classname = '', time = '0', file }: Readonly<Record<string, string | undefined>>,
  result: 'passed' | 'failed',
  message: string,
  details: string,
): ReportedCase {
  const text = result === 'passed' ? {} : { message: message.slice(0, 2000), details: details.slice(0, 16_000) };
  const where = file === undefined ? {} : { file };
  return { suite, className: classname, name, result, durationMs: Math.round(Number(time) * 1000), ...text, ...where };
}

async function wholeText(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString('utf8');
}
