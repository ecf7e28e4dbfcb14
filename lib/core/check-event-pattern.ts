import { bitsOf, listOf, type Scalar } from './event-pattern.ts';

/** Nothing is that deep; it bounds the work on what people send. */
const maxDepth = 20;
/** Characters EventBridge takes (PutRule). It bounds the work that one plan makes for the events of all. */
const maxCharacters = 4096;
const maxMatchers = 500;

export interface PatternIssue {
  readonly path: (string | number)[];
  readonly message: string;
}

/** What is wrong with the pattern, each thing with its place in it; nothing if it can be used. */
export function checkEventPattern(value: unknown): PatternIssue[] {
  const found: PatternIssue[] = [];
  let matchers = 0;
  const wrong = (at: readonly (string | number)[], message: string): void => {
    if (found.length < 20) found.push({ path: [...at], message });
  };
  const checkField = (field: string, wanted: unknown, here: readonly (string | number)[]): void => {
    if (field === '$or') {
      if (!Array.isArray(wanted) || wanted.length < 2) wrong(here, 'must be a list of at least two patterns');
      else for (const [i, one] of wanted.entries()) check(one, [...here, i]);
    } else if (isObject(wanted)) {
      check(wanted, here);
    } else if (!Array.isArray(wanted)) {
      wrong(here, `must be a list, as in [${JSON.stringify(wanted)}]`);
    } else if (wanted.length === 0) {
      wrong(here, 'must list at least one value');
    } else {
      matchers += wanted.length;
      for (const [i, matcher] of wanted.entries()) {
        const message = checkMatcher(matcher);
        if (message !== undefined) wrong([...here, i], message);
      }
    }
  };
  const check = (pattern: unknown, at: readonly (string | number)[]): void => {
    if (!isObject(pattern) || Object.keys(pattern).length === 0) {
      wrong(at, 'must be an object with at least one field');
    } else if (at.length > maxDepth) {
      wrong(at, `must not be nested deeper than ${maxDepth}`);
    } else {
      for (const [field, wanted] of Object.entries(pattern)) checkField(field, wanted, [...at, field]);
    }
  };
  check(value, []);
  if (found.length === 0 && JSON.stringify(value).length > maxCharacters) {
    wrong([], `must not be longer than ${maxCharacters} characters`);
  }
  if (matchers > maxMatchers) wrong([], `must not hold more than ${maxMatchers} values`);
  return found;
}

const textOperators = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'];

/** What is wrong with one entry of a list, if anything. */
function checkMatcher(matcher: unknown): string | undefined {
  if (isScalar(matcher)) return undefined;
  if (!isObject(matcher) || Object.keys(matcher).length !== 1) {
    return 'must be a value, or an object with one operator, as in { "prefix": "main" }';
  }
  const [operator = '', operand] = Object.entries(matcher)[0] ?? [];
  if (operator === 'exists') return typeof operand === 'boolean' ? undefined : 'exists must be true or false';
  if (operator === 'numeric')
    return isRange(operand) ? undefined : 'numeric must be like [">", 0] or [">=", 0, "<", 5]';
  if (operator === 'cidr') return isNetwork(operand) ? undefined : 'cidr must be a network, as in "10.0.0.0/24"';
  if (operator === 'anything-but') return checkExcluded(operand);
  if (textOperators.includes(operator)) return checkText(operator, operand);
  return `${JSON.stringify(operator)} is no operator; there are ${textOperators.join(', ')}, anything-but, numeric, cidr and exists`;
}

function checkText(operator: string, operand: unknown): string | undefined {
  const folds = operator === 'prefix' || operator === 'suffix';
  if (
    folds &&
    isObject(operand) &&
    typeof operand['equals-ignore-case'] === 'string' &&
    Object.keys(operand).length === 1
  ) {
    return undefined;
  }
  if (typeof operand !== 'string') return `${operator} must be a text`;
  return operator === 'wildcard' && operand.includes('**') ? 'wildcard must not have two * in a row' : undefined;
}

function checkExcluded(operand: unknown): string | undefined {
  const values = `anything-but must be a value, a list of values, or an object with one of ${textOperators.join(', ')}`;
  if (isObject(operand)) {
    const [operator = '', texts] = Object.entries(operand)[0] ?? [];
    if (Object.keys(operand).length !== 1 || !textOperators.includes(operator)) return values;
    return listOf(texts).every((text) => typeof text === 'string') && listOf(texts).length > 0
      ? undefined
      : `${operator} must be a text`;
  }
  const all = listOf(operand);
  return all.length > 0 && all.every((one) => typeof one === 'string' || typeof one === 'number') ? undefined : values;
}

function isRange(operand: unknown): boolean {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) return false;
  return operand.every((entry, i) =>
    i % 2 === 0 ? ['=', '<', '<=', '>', '>='].includes(entry as string) : Number.isFinite(entry),
  );
}

function isNetwork(operand: unknown): boolean {
  if (typeof operand !== 'string') return false;
  const [base = '', length = '', rest] = operand.split('/');
  const bits = bitsOf(base);
  return rest === undefined && bits !== undefined && /^\d{1,3}$/.test(length) && Number(length) <= bits.length;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
