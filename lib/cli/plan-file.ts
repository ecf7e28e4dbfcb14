import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { components } from '../client/api-types.ts';
import { type FieldError, isServiceError } from '../core/errors.ts';
import { type PlanDocument, parsePlan } from '../core/plan.ts';
import { checkTimes } from '../core/schedule/check-times.ts';
import { adviceOn, adviceOnYaml } from './advice.ts';

/** One thing that is wrong in a file. Lines and columns begin with 1. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly field: string;
  readonly message: string;
}

/** A plan as clients send it. */
export type PlanBody = components['schemas']['PlanDocument'];

export interface PlanFile {
  readonly file: string;
  /** As the server reads it. */
  readonly plan: PlanDocument;
  /** As it is written, which is known to be a plan. */
  readonly value: PlanBody;
  /** Where in the file a refusal of the server points to. */
  find(error: FieldError): Finding;
}

/** Aliases a file may use; the server takes no more. */
const maxAliasCount = 20;

/** The plan in the file, YAML or JSON; or what is wrong with it, by line and column. */
export async function readPlanFile(file: string): Promise<PlanFile | readonly Finding[]> {
  const lines = new LineCounter();
  const at = (offset: number, message: string, field = ''): Finding => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), field, message };
  };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    return [at(0, whyUnreadable(error))];
  }
  // At `silent` the parser would not even tell of a second document.
  const document = parseDocument(text, { schema: 'core', lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const broken = document.errors.map(({ code, message, pos: [from] }) =>
    at(from, adviceOnYaml(code, message, text.slice(from))),
  );
  const loose = looseAliases(document).map((alias) =>
    at(alias.range?.[0] ?? 0, `*${alias.source} stands for nothing; a text that begins with * must be in quotes`),
  );
  if (broken.length + loose.length > 0) return [...broken.filter(isFirstOfPlace), ...loose];
  const find = (error: FieldError): Finding => {
    if (error.field === 'body') return at(0, 'a plan is an object with keys, among them name and executor');
    const path = toPath(error.field);
    return at(offsetOf(document, path), adviceOn(error, path), error.field);
  };
  try {
    const value = document.toJS({ maxAliasCount });
    const plan = parsePlan(value ?? {});
    const never = checkSchedules(plan).map(find);
    return never.length > 0 ? never : { file, plan, value, find };
  } catch (error) {
    if (!isServiceError(error)) return [at(0, (error as Error).message)];
    const first = error.fields.filter(({ field }, i, all) => all.findIndex((one) => one.field === field) === i);
    return first.map(find).sort((a, b) => a.line - b.line || a.column - b.column);
  }
}

/** The body for the server. A directory stands relative to the file, which a server on this machine does not know. */
export function toBody({ file, plan, value }: PlanFile, isLocal: boolean): PlanBody {
  const { executor } = plan;
  if (!isLocal || executor.type !== 'command') return value;
  const directory = resolve(dirname(file), executor.directory);
  return { ...value, executor: { ...value.executor, directory } as PlanBody['executor'] };
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'is a directory; name the files in it';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is no text in UTF-8; save it as such';
  return `it cannot be read: ${(error as Error).message}`;
}

/** One mistake often makes several at its place, of which the first tells most. */
function isFirstOfPlace({ line, column }: Finding, i: number, all: readonly Finding[]): boolean {
  return all.findIndex((one) => one.line === line && one.column === column) === i;
}

function looseAliases(document: Document.Parsed): Alias[] {
  const loose: Alias[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) loose.push(alias);
    },
  });
  return loose;
}

/** Schedules that could never fire. What they name is for the server to know. */
function checkSchedules({ schedules = [] }: PlanDocument): FieldError[] {
  return schedules.flatMap((schedule, i) => {
    try {
      checkTimes(schedule);
      return [];
    } catch (error) {
      if (!isServiceError(error)) throw error;
      return error.fields.map((field) => ({ ...field, field: `schedules[${i}].${field.field}` }));
    }
  });
}

/** `suites[0].cases[2].name` as its parts. */
function toPath(field: string): (string | number)[] {
  return [...field.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) => (index ? Number(index) : (key ?? '')));
}

/** Where the field is; of one that is missing, where it should be. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of path) {
    const inside: unknown = isAlias(node) ? node.resolve(document) : node;
    let next: unknown;
    if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part));
      if (isNode(pair?.key)) offset = pair.key.range?.[0] ?? offset;
      next = pair?.value;
    } else if (isSeq(inside) && typeof part === 'number') {
      next = inside.items[part];
      if (isNode(next)) offset = next.range?.[0] ?? offset;
    }
    if (!isNode(next)) break;
    node = next;
  }
  return offset;
}
