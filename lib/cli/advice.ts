import type { ErrorCode as YamlCode } from 'yaml';
import type { FieldError } from '../core/errors.ts';
import { nearest } from './nearest.ts';
import { allowedAt } from './plan-keys.ts';

/** What is wrong with a field of a plan, and what to write instead. */
export function adviceOn({ message, rejectedValue }: FieldError, path: readonly (string | number)[]): string {
  if (message.startsWith('Unrecognized key')) {
    const { keys } = allowedAt(path.slice(0, -1));
    const close = nearest(String(path.at(-1)), keys);
    return `is no key here; ${close === undefined ? `these are: ${keys.join(', ')}` : `did you mean ${close}?`}`;
  }
  const [, expected = '', received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (received === 'undefined') return `is missing; it must be ${kinds[expected] ?? expected}${within(expected, path)}`;
  const { words } = allowedAt(path);
  if (message.startsWith('Invalid') && words.length > 0) {
    const close = typeof rejectedValue === 'string' ? nearest(rejectedValue, words) : undefined;
    return `must be one of ${words.join(', ')}${close === undefined ? '' : `; did you mean ${close}?`}`;
  }
  if (received !== undefined)
    return `must be ${kinds[expected] ?? expected}${fix(expected, received, rejectedValue)}${within(expected, path)}`;
  return limit(message) ?? message;
}

/** What is wrong with a text that is no YAML, and what to write instead. `rest` is the text from there on. */
export function adviceOnYaml(code: YamlCode, message: string, rest: string): string {
  if (code === 'MULTIPLE_DOCS') return 'one file holds one plan; make a file of each';
  if (code === 'TAB_AS_INDENT') return 'is indented by a tab; use blanks';
  if (code === 'DUPLICATE_KEY')
    return `${/^["']?([^\s"':]+)/.exec(rest)?.[1] ?? 'a key'} is there twice; leave one out`;
  if (code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY')
    return 'a colon too many: put a text with ": " in quotes, and begin the keys of one level in one column';
  if (message.startsWith('Flow map')) return 'a { before is not closed; add the }';
  if (message.startsWith('Flow seq')) return 'a [ before is not closed; add the ]';
  if (message.startsWith('Missing closing')) return `a quote before is not closed; add the ${message.at(16) ?? '"'}`;
  if (code === 'BAD_SCALAR_START') return `a text cannot begin with ${rest.at(0) ?? ''}; put it in quotes`;
  return message;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function fix(expected: string, received: string, value: FieldError['rejectedValue']): string {
  const shown = value === null || value === undefined ? undefined : String(value);
  if (expected === 'string' && (received === 'number' || received === 'boolean'))
    return `; put it in quotes${shown === undefined ? '' : `: "${shown}"`}`;
  if (expected === 'array' && shown !== undefined) return `: [${shown}]`;
  if (expected === 'array') return '; begin each item with "- "';
  if (expected === 'number' && received === 'string') return ', without quotes and units';
  return '';
}

/** The keys an object may have, if they are few; of executors, their types. */
function within(expected: string, path: readonly (string | number)[]): string {
  if (expected !== 'object') return '';
  const types = allowedAt([...path, 'type']).words;
  if (types.length > 0) return ` with a type: one of ${types.join(', ')}`;
  const { keys } = allowedAt(path);
  return keys.length > 0 && keys.length <= 12 ? ` with ${keys.join(', ')}` : '';
}

function limit(message: string): string | undefined {
  const [, verb, sign, bound, unit] =
    /^Too \w+: expected \w+ to (be|have) (<=|>=)(\S+)(?: (\w+))?$/.exec(message) ?? [];
  if (verb === undefined) return undefined;
  if (verb === 'have' && sign === '>=' && bound === '1') return 'must not be empty';
  return `must ${verb} ${sign === '<=' ? 'at most' : 'at least'} ${bound}${unit === undefined ? '' : ` ${unit}`}`;
}
