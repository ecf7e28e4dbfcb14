import { invalidField } from '../../core/errors.ts';
import { parseId } from '../../core/schema.ts';

/** What a list is of; a cursor of one list is no cursor of another. */
type Kind = 'plan' | 'run' | 'case' | 'environment' | 'override' | 'delivery' | 'schedule' | 'occurrence';

export interface Paging {
  readonly limit: number;
  /** The number the last page ended with. */
  readonly after: number | undefined;
}

/** `limit` (default 50, or `most` if that is less) and `cursor` of the query; VALIDATION_FAILED names the wrong one. */
export function readPaging(query: URLSearchParams, kind: Kind, most = 200): Paging {
  const limit = query.get('limit');
  const cursor = query.get('cursor');
  const wanted = limit === null ? Math.min(50, most) : parseId(limit);
  if (wanted === undefined || wanted > most) throw invalidField('limit', `must be 1 to ${most}`, shown(limit));
  return { limit: wanted, after: cursor === null ? undefined : decode(kind, cursor) };
}

/** Opaque to clients. */
export function toCursor(kind: Kind, last: number): string {
  return Buffer.from(`${kind}:${last}`).toString('base64url');
}

/** One of the words, or undefined if the parameter is not there; VALIDATION_FAILED otherwise. */
export function readWord<const W extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly W[],
): W | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const word = words.find((candidate) => candidate === given);
  if (word === undefined) throw invalidField(name, `must be one of ${words.join(', ')}`, shown(given));
  return word;
}

/** True or false; the fallback if the parameter is not there. */
export function readFlag(query: URLSearchParams, name: string, fallback: boolean): boolean {
  const word = readWord(query, name, ['true', 'false']);
  return word === undefined ? fallback : word === 'true';
}

/** The id in the parameter, or undefined if it is not there. */
export function readIdParameter(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const id = parseId(given);
  if (id === undefined) throw invalidField(name, 'must be a positive integer', shown(given));
  return id;
}

/** A project's name to filter by. Any other text can be none, and is too long for a key of the table. */
export function readProject(query: URLSearchParams): string | undefined {
  const project = query.get('project');
  return project === null ? undefined : checkProjectName(project);
}

/** The name, if it can be one of a project; VALIDATION_FAILED names the parameter otherwise. */
export function checkProjectName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/.test(name)) return name;
  throw invalidField('project', 'must be the name of a project', shown(name));
}

function decode(kind: Kind, cursor: string): number {
  const text = cursor.length <= 64 ? Buffer.from(cursor, 'base64url').toString('latin1') : '';
  const [prefix, last = ''] = text.split(':');
  const number = /^(?:0|[1-9][0-9]{0,15})$/.test(last) ? Number(last) : undefined;
  if (prefix !== kind || number === undefined || toCursor(kind, number) !== cursor) {
    throw invalidField('cursor', 'must be the nextCursor of this list', shown(cursor));
  }
  return number;
}

function shown(text: string | null): string | null {
  return text === null ? null : text.slice(0, 100);
}
