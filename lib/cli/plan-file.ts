import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { components } from '../client/api-types.ts';
import { type FieldError, isServiceError } from '../core/errors.ts';
import { type PlanDocument, parsePlan } from '../core/plan.ts';
import { nearest } from './nearest.ts';
import { allowedAt } from './plan-keys.ts';

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
  const at = (line: number, column: number, message: string, field = ''): Finding => ({
    file,
    line,
    column,
    field,
    message,
  });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return [at(1, 1, code === 'ENOENT' ? 'there is no such file' : `it cannot be read: ${(error as Error).message}`)];
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'core', lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0) {
    return document.errors.map(({ code, message, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return at(line, col, code === 'MULTIPLE_DOCS' ? 'one file holds one plan; make a file of each' : message);
    });
  }
  const find = (error: FieldError): Finding => {
    const path = toPath(error.field);
    const offset = offsetOf(document, path);
    const { line, col } = lines.linePos(offset);
    return at(line, col, adviceOn(error, path), error.field);
  };
  try {
    const value = document.toJS({ maxAliasCount });
    return { file, plan: parsePlan(value ?? {}), value, find };
  } catch (error) {
    if (!isServiceError(error)) return [at(1, 1, (error as Error).message)];
    return error.fields.map(find).sort((a, b) => a.line - b.line || a.column - b.column);
  }
}

/** The body for the server. A directory stands relative to the file, which a server on this machine does not know. */
export function toBody({ file, plan, value }: PlanFile, isLocal: boolean): PlanBody {
  const { executor } = plan;
  if (!isLocal || executor.type !== 'command') return value;
  const directory = resolve(dirname(file), executor.directory);
  return { ...value, executor: { ...value.executor, directory } as PlanBody['executor'] };
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

/** What is wrong, and what to write instead. */
function adviceOn({ message, rejectedValue }: FieldError, path: readonly (string | number)[]): string {
  if (message.startsWith('Unrecognized key')) {
    const { keys } = allowedAt(path.slice(0, -1));
    const close = nearest(String(path.at(-1)), keys);
    return `is no key here; ${close === undefined ? `these are: ${keys.join(', ')}` : `did you mean ${close}?`}`;
  }
  const [, expected] = /^Invalid input: expected (\w+), received undefined$/.exec(message) ?? [];
  if (expected !== undefined) return `is missing; it must be ${/^[aeio]/.test(expected) ? 'an' : 'a'} ${expected}`;
  const { words } = allowedAt(path);
  if (!message.startsWith('Invalid') || words.length === 0) return message;
  const close = typeof rejectedValue === 'string' ? nearest(rejectedValue, words) : undefined;
  return `must be one of ${words.join(', ')}${close === undefined ? '' : `; did you mean ${close}?`}`;
}
