import type { Item } from '../../../lib/adapters/dynamodb/table.ts';

/** The values of an expression, `:name` without the colon, as they are stored. */
type Values = Readonly<Record<string, unknown>>;
export type Condition = (item: Item, values: Values) => boolean;
export type Update = (item: Item, values: Values) => Item;

type Operand = (item: Item, values: Values) => unknown;
type Path = readonly string[];
interface Tokens {
  /** The next token, without taking it. */
  peek(): string;
  take(): string;
  /** Takes the token if it is next. */
  takes(token: string): boolean;
  expect(token: string): void;
}

/**
 * DynamoDB's condition expressions, as far as our adapters use them, with what the documentation says of attributes that are
 * missing or of another type: a comparison with them does not hold, and `<>` does.
 */
export function parseCondition(text: string): Condition {
  const tokens = tokenize(text);
  const condition = parseOr(tokens);
  tokens.expect('');
  return condition;
}

/** Update expressions. All values are computed from the item as it was before. */
export function parseUpdate(text: string): Update {
  const tokens = tokenize(text);
  const actions: ((before: Item, after: Item, values: Values) => void)[] = [];
  while (tokens.peek() !== '') {
    const clause = tokens.take();
    do {
      const path = pathOf(tokens.take());
      if (clause === 'SET') {
        tokens.expect('=');
        const value = parseValue(tokens);
        actions.push((before, after, values) => write(after, path, present(value(before, values))));
      } else if (clause === 'REMOVE') actions.push((_before, after) => write(after, path, undefined));
      else if (clause === 'ADD' || clause === 'DELETE') {
        const given = operand(tokens.take());
        const combine = clause === 'ADD' ? add : subtract;
        actions.push((before, after, values) =>
          write(after, path, combine(read(before, path), present(given(before, values)))),
        );
      } else throw new Error(`no update expression: ${text}`);
    } while (tokens.takes(','));
  }
  return (item, values) => {
    const after = { ...item };
    for (const action of actions) action(item, after, values);
    return after;
  };
}

/** Less than, equal or more, of values of one type; undefined if their types differ or have no order. */
export function compare(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : a < b ? -1 : 1;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

function parseOr(tokens: Tokens): Condition {
  const parts = [parseAnd(tokens)];
  while (tokens.takes('OR')) parts.push(parseAnd(tokens));
  const [only] = parts;
  return parts.length === 1 && only ? only : (item, values) => parts.some((part) => part(item, values));
}

function parseAnd(tokens: Tokens): Condition {
  const parts = [parseNot(tokens)];
  while (tokens.takes('AND')) parts.push(parseNot(tokens));
  const [only] = parts;
  return parts.length === 1 && only ? only : (item, values) => parts.every((part) => part(item, values));
}

function parseNot(tokens: Tokens): Condition {
  if (tokens.takes('NOT')) {
    const negated = parseNot(tokens);
    return (item, values) => !negated(item, values);
  }
  if (tokens.takes('(')) {
    const inner = parseOr(tokens);
    tokens.expect(')');
    return inner;
  }
  return parseTest(tokens);
}

function parseTest(tokens: Tokens): Condition {
  const name = tokens.peek();
  if (name === 'attribute_exists' || name === 'attribute_not_exists') {
    const path = pathOf(parseArguments(tokens)[0] ?? '');
    const wanted = name === 'attribute_exists';
    return (item) => (read(item, path) !== undefined) === wanted;
  }
  if (name === 'contains' || name === 'begins_with') {
    const [what, given] = parseArguments(tokens).map(operand) as [Operand, Operand];
    const holds = name === 'contains' ? contains : beginsWith;
    return (item, values) => holds(what(item, values), present(given(item, values)));
  }
  const left = parseOperand(tokens);
  if (tokens.takes('IN')) {
    tokens.expect('(');
    const list: Operand[] = [];
    do list.push(operand(tokens.take()));
    while (tokens.takes(','));
    tokens.expect(')');
    return (item, values) => list.some((one) => same(left(item, values), one(item, values)));
  }
  if (tokens.takes('BETWEEN')) {
    const from = operand(tokens.take());
    tokens.expect('AND');
    const to = operand(tokens.take());
    return (item, values) => {
      const value = left(item, values);
      return (compare(value, from(item, values)) ?? -1) >= 0 && (compare(value, to(item, values)) ?? 1) <= 0;
    };
  }
  const sign = tokens.take();
  const right = parseOperand(tokens);
  return (item, values) => isSo(sign, left(item, values), present(right(item, values)));
}

function isSo(sign: string, left: unknown, right: unknown): boolean {
  if (sign === '=') return same(left, right);
  if (sign === '<>') return !same(left, right);
  const order = compare(left, right);
  if (order === undefined) return false;
  if (sign === '<') return order < 0;
  if (sign === '<=') return order <= 0;
  if (sign === '>') return order > 0;
  if (sign === '>=') return order >= 0;
  throw new Error(`no comparison: ${sign}`);
}

/** The value of a SET: an operand, or two added. */
function parseValue(tokens: Tokens): Operand {
  const left = parseOperand(tokens);
  const sign = tokens.peek();
  if (sign !== '+' && sign !== '-') return left;
  tokens.take();
  const right = parseOperand(tokens);
  return (item, values) => {
    const [a, b] = [left(item, values), right(item, values)];
    if (typeof a !== 'number' || typeof b !== 'number') throw invalid('an operand is missing or no number');
    return sign === '+' ? a + b : a - b;
  };
}

function parseOperand(tokens: Tokens): Operand {
  const name = tokens.peek();
  if (name === 'size') {
    const of = operand(parseArguments(tokens)[0] ?? '');
    return (item, values) => sizeOf(of(item, values));
  }
  if (name === 'if_not_exists') {
    const [path = '', other = ''] = parseArguments(tokens);
    const [known, fallback] = [operand(path), operand(other)];
    return (item, values) => known(item, values) ?? fallback(item, values);
  }
  if (name === 'list_append') {
    const [a, b] = parseArguments(tokens).map(operand) as [Operand, Operand];
    return (item, values) => {
      const [first, second] = [a(item, values), b(item, values)];
      if (!Array.isArray(first) || !Array.isArray(second)) throw invalid('list_append takes lists');
      return [...first, ...second];
    };
  }
  return operand(tokens.take());
}

function parseArguments(tokens: Tokens): string[] {
  tokens.take();
  tokens.expect('(');
  const given = [tokens.take()];
  while (tokens.takes(',')) given.push(tokens.take());
  tokens.expect(')');
  return given;
}

function operand(token: string): Operand {
  if (token.startsWith(':')) {
    const name = token.slice(1);
    return (_item, values) => values[name];
  }
  const path = pathOf(token);
  return (item) => read(item, path);
}

function tokenize(text: string): Tokens {
  const list = text.match(/[#:]\w+(?:\.#\w+)*|\w+|<=|>=|<>|[=<>(),+-]|\S/g) ?? [];
  let at = 0;
  const peek = (): string => list[at] ?? '';
  const take = (): string => {
    const token = peek();
    at += 1;
    return token;
  };
  return {
    peek,
    take,
    takes(token) {
      if (peek() !== token) return false;
      at += 1;
      return true;
    },
    expect(token) {
      if (take() !== token) throw new Error(`expected “${token}” at token ${at} of: ${text}`);
    },
  };
}

function pathOf(token: string): Path {
  if (!token.startsWith('#')) throw new Error(`no path: ${token}`);
  return token.split('.').map((part) => part.slice(1));
}

function read(item: Item, path: Path): unknown {
  let value: unknown = item;
  for (const name of path) {
    if (!isMap(value)) return undefined;
    value = value[name];
  }
  return value;
}

/** Copies every map on the way, so that what was read before stays as it was. */
function write(item: Item, path: Path, value: unknown): void {
  let map: Item = item;
  for (const name of path.slice(0, -1)) {
    const inner = map[name];
    if (!isMap(inner)) throw invalid('the path leads through nothing');
    const copy = { ...inner };
    map[name] = copy;
    map = copy;
  }
  const last = path.at(-1) ?? '';
  if (value === undefined) delete map[last];
  else map[last] = value;
}

function isMap(value: unknown): value is Item {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Set) &&
    !(value instanceof Uint8Array)
  );
}

function add(known: unknown, given: unknown): unknown {
  if (typeof given === 'number' && (known === undefined || typeof known === 'number')) return (known ?? 0) + given;
  if (given instanceof Set && (known === undefined || known instanceof Set))
    return new Set([...(known ?? []), ...given]);
  throw invalid('ADD takes numbers and sets');
}

/** A set that gets empty is no attribute any more. */
function subtract(known: unknown, given: unknown): unknown {
  if (!(given instanceof Set) || (known !== undefined && !(known instanceof Set))) throw invalid('DELETE takes sets');
  const left = new Set([...(known ?? [])].filter((member) => !given.has(member)));
  return left.size === 0 ? undefined : left;
}

function contains(value: unknown, given: unknown): boolean {
  if (value instanceof Set) return value.has(given);
  if (Array.isArray(value)) return value.some((member) => same(member, given));
  return typeof value === 'string' && typeof given === 'string' && value.includes(given);
}

function beginsWith(value: unknown, given: unknown): boolean {
  return typeof value === 'string' && typeof given === 'string' && value.startsWith(given);
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof Set) return value.size;
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : undefined;
}

function same(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((member) => b.has(member));
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((member, i) => same(member, b[i]));
  if (!isMap(a) || !isMap(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => same(a[name], b[name]));
}

/** What an expression uses must be given. */
function present(value: unknown): unknown {
  if (value === undefined) throw invalid('a value of the expression is missing');
  return value;
}

/** What DynamoDB answers to a request that makes no sense, whatever the item is like. */
export function invalid(message: string): Error {
  return Object.assign(new Error(message), { name: 'ValidationException' });
}
