/**
 * Patterns of bus events, with the meaning EventBridge gives them ("Comparison operators for use in event patterns" of its
 * user guide), so that a trigger fires for the same events embedded and on AWS.
 */
export interface EventPattern {
  readonly [field: string]: EventPattern | readonly Matcher[] | readonly EventPattern[];
}

export type Scalar = string | number | boolean | null;
type Matcher = Scalar | Comparison;
/** One operator: `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `anything-but`, `numeric`, `cidr` or `exists`. */
interface Comparison {
  readonly [operator: string]: unknown;
}

/** True if the event has what the pattern asks for. The pattern was checked before (check-event-pattern.ts). */
export function matchesPattern(pattern: EventPattern, event: unknown): boolean {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return false;
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or') return (wanted as readonly EventPattern[]).some((one) => matchesPattern(one, event));
    const value = Object.hasOwn(event, field) ? (event as Record<string, unknown>)[field] : undefined;
    if (Array.isArray(wanted)) return (wanted as readonly Matcher[]).some((matcher) => matchesField(matcher, value));
    return matchesObject(wanted as EventPattern, value);
  });
}

/** Of a list of objects, one must have everything that is asked for. */
function matchesObject(pattern: EventPattern, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((one) => matchesObject(pattern, one));
  if (value === undefined) return matchesPattern(pattern, {});
  return matchesPattern(pattern, value);
}

/** Of a list of values, one must match. A field that is an object exists, and has no value of its own. */
function matchesField(matcher: Matcher, value: unknown): boolean {
  if (isComparison(matcher) && 'exists' in matcher) return matcher.exists === (value !== undefined);
  if (Array.isArray(value)) return value.some((one) => matchesField(matcher, one));
  if (value === undefined || (typeof value === 'object' && value !== null)) return false;
  return isComparison(matcher) ? compares(matcher, value as Scalar) : matcher === value;
}

function compares(comparison: Comparison, value: Scalar): boolean {
  const [operator = '', operand] = Object.entries(comparison)[0] ?? [];
  switch (operator) {
    case 'anything-but':
      return !excluded(operand, value);
    case 'numeric':
      return typeof value === 'number' && inRange(operand as readonly unknown[], value);
    case 'cidr':
      return typeof value === 'string' && inNetwork(operand as string, value);
    default:
      return typeof value === 'string' && textMatches(operator, operand, value);
  }
}

/** What `anything-but` names: values, or texts by an operator of their own. */
function excluded(operand: unknown, value: Scalar): boolean {
  if (isComparison(operand)) {
    const [operator = '', texts] = Object.entries(operand)[0] ?? [];
    return typeof value === 'string' && listOf(texts).some((text) => textMatches(operator, text, value));
  }
  return listOf(operand).includes(value);
}

function textMatches(operator: string, operand: unknown, value: string): boolean {
  if (isComparison(operand)) {
    const folded = String(operand['equals-ignore-case']).toLowerCase();
    return textMatches(operator, folded, value.toLowerCase());
  }
  const text = String(operand);
  if (operator === 'prefix') return value.startsWith(text);
  if (operator === 'suffix') return value.endsWith(text);
  if (operator === 'wildcard') return value.length <= maxWild && matchesWildcard(text, value);
  return operator === 'equals-ignore-case' && value.toLowerCase() === text.toLowerCase();
}

/** No longer text is looked through for a wildcard: the work is that of both lengths. */
const maxWild = 10_000;

/** `*` is any text; `\*` and `\\` are themselves. Greedy with one place to return to, so the work is bounded by both lengths. */
function matchesWildcard(pattern: string, value: string): boolean {
  const parts = [...pattern.matchAll(/\\([*\\])|(\*)|(.)/gs)].map(([, escaped, star, plain]) => ({
    star: star !== undefined,
    text: escaped ?? plain ?? '',
  }));
  let at = 0;
  let part = 0;
  let star = -1;
  let resume = 0;
  while (at < value.length) {
    if (parts[part]?.star) {
      star = part++;
      resume = at;
    } else if (part < parts.length && parts[part]?.text === value[at]) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return parts.slice(part).every((rest) => rest.star);
}

function inRange(tests: readonly unknown[], value: number): boolean {
  for (let i = 0; i < tests.length; i += 2) {
    const limit = Number(tests[i + 1]);
    const holds = {
      '=': value === limit,
      '<': value < limit,
      '<=': value <= limit,
      '>': value > limit,
      '>=': value >= limit,
    };
    if (!holds[tests[i] as keyof typeof holds]) return false;
  }
  return true;
}

function inNetwork(network: string, address: string): boolean {
  const [base = '', length = ''] = network.split('/');
  const of = bitsOf(base);
  const bits = bitsOf(address);
  return of !== undefined && bits?.length === of.length && bits.startsWith(of.slice(0, Number(length)));
}

/** The address in binary digits: 32, or 128 for IPv6. */
export function bitsOf(address: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) {
    const bytes = address.split('.').map(Number);
    return bytes.every((byte) => byte < 256)
      ? bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')
      : undefined;
  }
  if (!/^[0-9a-f:]+$/i.test(address) || !address.includes(':') || !URL.canParse(`http://[${address}]/`))
    return undefined;
  // The URL parser writes every form of an address in one; what is left is to put the zeros back.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

/** What an operator is given, as a list: one value stands for a list of one. */
export function listOf(operand: unknown): readonly unknown[] {
  return Array.isArray(operand) ? operand : [operand];
}

function isComparison(value: unknown): value is Comparison {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
