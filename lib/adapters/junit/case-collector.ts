import { createHash } from 'node:crypto';
import type { ReportableResult, ReportedCase } from '../../core/results.ts';
import { removeColours, truncate } from './clean-xml.ts';
import type { XmlHandlers, XmlParser } from './xml-parser.ts';

export interface CaseCollector extends XmlHandlers {
  /** Finished cases; whoever takes them empties the array. */
  readonly cases: ReportedCase[];
  /** The parser whose events these are: must be called once, before the first of them. */
  attach(parser: XmlParser): void;
}

/** Turns the elements of a JUnit document into cases. */
export function createCaseCollector(): CaseCollector {
  const cases: ReportedCase[] = [];
  let parser: XmlParser;
  let suite = noSuite;
  let openCase: OpenCase | null = null;
  let outcome: Outcome | null = null;
  let fromPlaywright = false;

  const openSuite = (attributes: Attributes) => {
    const name = attributes.name ?? '';
    const repeated = name === '' || name === suite.name;
    const project = fromPlaywright && attributes.hostname ? `[${attributes.hostname}]` : '';
    const path = [suite.path, project, repeated ? '' : name].filter((part) => part !== '').join(' › ');
    suite = {
      outer: suite,
      name: repeated ? suite.name : name,
      path: limitName(path),
      file: attributes.file || suite.file,
      host: attributes.hostname || suite.host,
      machine: suite.machine,
    };
  };

  const closeOutcome = (ended: Outcome) => {
    const { kind, text } = ended;
    // node:test writes `true` for a skip without a reason.
    const given = kind === 'skipped' && ended.message === 'true' ? '' : ended.message;
    const message = firstLine(given) || firstLine(text) || firstLine(ended.type);
    const target = openCase ?? newCase({ name: '(suite)' }, suite, null, ended.depth - 1);
    if (kind === 'flaky') target.message ||= message;
    else if (
      kind === 'skipped' ? target.result === 'passed' : target.result === 'passed' || target.result === 'skipped'
    ) {
      target.result = kind;
      target.rawMessage = ended.message;
      target.message = message;
      target.details = truncate(removeColours(text.trim()), maxDetails);
    }
    // A suite that failed by itself (its set-up, mostly) has no case to show it, and must not pass for green.
    if (openCase === null && (kind === 'failed' || kind === 'errored')) cases.push(toReported(target));
  };

  return {
    cases,
    attach(attached) {
      parser = attached;
    },
    open(name, attributes, depth) {
      if (depth === 1) {
        if (name !== 'testsuites' && name !== 'testsuite') {
          throw parser.unreadable(`the root element is <${name}>, not <testsuites> or <testsuite>`);
        }
        fromPlaywright = Object.keys(attributes).join() === playwrightRoot;
      }
      if (outcome !== null) {
        if (name === 'system-out' || name === 'system-err') parser.captureText(false);
      } else if (name === 'property' && attributes.name === 'machine' && attributes.value) {
        if (openCase !== null) openCase.machine = attributes.value;
        else if (suite !== noSuite) suite.machine = attributes.value;
      } else if (name === 'testcase') openCase = newCase(attributes, suite, openCase, depth);
      else if (name === 'testsuite') openSuite(attributes);
      else {
        const kind = outcomes.get(name);
        if (kind === undefined || (openCase !== null && depth !== openCase.depth + 1)) return;
        outcome = { kind, depth, message: attributes.message ?? '', type: attributes.type ?? '', text: '' };
        parser.captureText(true);
      }
    },
    close(name, depth) {
      if (outcome !== null) {
        if (depth === outcome.depth) {
          parser.captureText(false);
          closeOutcome(outcome);
          outcome = null;
        } else if (name === 'system-out' || name === 'system-err') parser.captureText(true);
      } else if (name === 'testcase' && openCase !== null) {
        if (!wasFilteredOut(openCase)) cases.push(toReported(openCase));
        openCase = openCase.outer;
      } else if (name === 'testsuite') suite = suite.outer ?? noSuite;
    },
    text(text) {
      if (outcome !== null && outcome.text.length < 2 * maxDetails) outcome.text += text;
    },
  };
}

/** Seconds as reporters write them, `12.5`, `1,234.5` or `0,005`, in whole milliseconds; 0 for what is no duration. */
export function toDurationMs(seconds: string | undefined): number {
  if (seconds === undefined) return 0;
  let value = Number(seconds);
  if (Number.isNaN(value))
    value = Number(seconds.includes('.') ? seconds.replaceAll(',', '') : seconds.replace(',', '.'));
  return value > 0 ? Math.min(Math.round(value * 1000), maxDurationMs) : 0;
}

type Attributes = Readonly<Record<string, string | undefined>>;

interface Suite {
  readonly outer: Suite | null;
  readonly name: string;
  /** Names of this suite and those around it. */
  readonly path: string;
  readonly file: string | undefined;
  readonly host: string | undefined;
  /** The property of that name, which comes before the cases. */
  machine: string | undefined;
}

interface OpenCase {
  readonly outer: OpenCase | null;
  readonly attributes: Attributes;
  readonly suite: Suite;
  readonly depth: number;
  machine: string | undefined;
  result: ReportableResult;
  rawMessage: string;
  message: string;
  details: string;
}

interface Outcome {
  readonly kind: OutcomeKind;
  readonly depth: number;
  readonly message: string;
  readonly type: string;
  text: string;
}

type OutcomeKind = 'failed' | 'errored' | 'skipped' | 'flaky';

// Surefire: `flaky…` beside a case that passed in the end, `rerun…` beside the <failure> of one that never did.
const outcomes: ReadonlyMap<string, OutcomeKind> = new Map([
  ['failure', 'failed'],
  ['error', 'errored'],
  ['skipped', 'skipped'],
  ['flakyFailure', 'flaky'],
  ['flakyError', 'flaky'],
  ['rerunFailure', 'failed'],
  ['rerunError', 'errored'],
]);

// googletest, CTest and Katalon also say it in an attribute, some of their editions only there.
const statuses: ReadonlyMap<string, ReportableResult> = new Map([
  ['failed', 'failed'],
  ['fail', 'failed'],
  ['error', 'errored'],
  ['errored', 'errored'],
  ['skipped', 'skipped'],
  ['disabled', 'skipped'],
  ['notrun', 'skipped'],
]);

// Playwright has no attribute for its project but `hostname`, so that the same test in two browsers looks like a retry
// and a pass in one would hide a failure in the other. Elsewhere `hostname` is a machine and no part of a name.
const playwrightRoot = 'id,name,tests,failures,skipped,errors,time';

const noSuite: Suite = { outer: null, name: '', path: '', file: undefined, host: undefined, machine: undefined };
const maxName = 500;
const maxMessage = 2_000;
const maxDetails = 16_000;
const maxFile = 1_000;
const maxDurationMs = 2_147_483_647;

function newCase(attributes: Attributes, suite: Suite, outer: OpenCase | null, depth: number): OpenCase {
  const result =
    attributes.status === undefined ? 'passed' : (statuses.get(attributes.status.toLowerCase()) ?? 'passed');
  const machine = outer?.machine;
  return { outer, attributes, suite, depth, machine, result, rawMessage: '', message: '', details: '' };
}

function toReported(testCase: OpenCase): ReportedCase {
  const { attributes, suite, result, message, details } = testCase;
  const className = limitName(attributes.classname ?? '');
  const name = limitName(attributes.name ?? '');
  const file = attributes.file || suite.file;
  const machine = testCase.machine ?? suite.machine ?? suite.host;
  return {
    suite: suite.path,
    className,
    name: name.trim() !== '' ? name : className.trim() !== '' ? className : 'unnamed',
    ...(machine && { machine }),
    result,
    durationMs: toDurationMs(attributes.time),
    ...(message !== '' && { message }),
    ...(details !== '' && { details }),
    ...(file && { file: truncate(file, maxFile) }),
  };
}

/** node:test (to Node 20) reports what `--test-name-pattern` left out as skipped, although nobody skipped it. */
function wasFilteredOut({ result, rawMessage }: OpenCase): boolean {
  return result === 'skipped' && rawMessage === 'test name does not match pattern';
}

// With a digest of the whole, because parametrized tests differ at the end and must not become the same case.
function limitName(name: string): string {
  if (name.length <= maxName) return name;
  const digest = createHash('sha256').update(name.slice(0, 32_768)).digest('hex').slice(0, 12);
  return truncate(name, maxName - digest.length) + digest;
}

function firstLine(text: string): string {
  const start = text.search(/\S/);
  if (start === -1) return '';
  const end = text.indexOf('\n', start);
  return truncate(removeColours(text.slice(start, end === -1 ? undefined : end)).trim(), maxMessage);
}
