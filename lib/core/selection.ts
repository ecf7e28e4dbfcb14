import type { Catalog } from './catalog.ts';
import { ServiceError } from './errors.ts';
import type { Condition, Plan, SavedConfig } from './plan.ts';
import type { CaseName } from './results.ts';

/** A saved selection as a request names it: by name, id or both. */
export interface ConfigName {
  readonly name?: string | undefined;
  readonly id?: number | undefined;
  /** Where the request says so, for refusals. */
  readonly field: string;
}

/** What the conditions of a saved selection ask about. */
type SelectionKey = Condition['key'];

/** A case a plan knows, and its values for each key; a key without a value is absent. */
export interface KnownCase extends CaseName {
  readonly values: Readonly<Partial<Record<SelectionKey, readonly (string | number)[]>>>;
}

/**
 * True if the case meets every condition (contracts/testsigma.md 4.6). `operation` is taken literally: IN needs one of the
 * case's values, NOT_IN none; a case without a value is outside IN and inside NOT_IN. Numbers are compared as their digits.
 * VALIDATION_FAILED for a key that is none, which only a plan stored by another version can have.
 */
export function fits(query: readonly Condition[], values: KnownCase['values']): boolean {
  return query.every(({ key, value, operation }) => {
    if (!keys.has(key)) throw unknownKey(key);
    const wanted = new Set(value.map(String));
    const isIn = (values[key] ?? []).some((own) => wanted.has(String(own)));
    return operation === 'IN' ? isIn : !isIn;
  });
}

/**
 * The cases a plan declares; those of its catalog if it leaves them to its executor. Empty while none are known. Learnt
 * cases have no values but their suite and the maker of the plan.
 */
export function knownCases(plan: Pick<Plan, 'suites' | 'createdBy'>, catalog: Catalog): KnownCase[] {
  const suiteIds = new Map<string, number>();
  catalog.entries.forEach((entry, position) => {
    if (entry.kind === 'suite') suiteIds.set(entry.name, catalog.ids[position] ?? 0);
  });
  const common = (suite: string): KnownCase['values'] => {
    const suiteId = suiteIds.get(suite);
    return { createdById: [plan.createdBy], ...(suiteId ? { suiteId: [suiteId] } : {}) };
  };
  const declared = plan.suites.flatMap(({ name: suite, cases }) =>
    cases.map(({ name, className, tags, ...given }): KnownCase => {
      const values = {
        ...common(suite),
        ...(tags.length === 0 ? {} : { tags }),
        ...single('reviewedBy', given.reviewedBy),
        ...single('assignee', given.assignee),
        ...single('type', given.type),
        ...single('priority', given.priority),
        ...single('requirementId', given.requirement),
        ...single('requirementType', given.requirementType),
      };
      return { suite, className, name, values };
    }),
  );
  if (declared.length > 0) return declared;
  return catalog.entries.flatMap((entry) => {
    if (entry.kind !== 'case') return [];
    const suite = catalog.entries[entry.parent]?.name ?? '';
    return { suite, className: entry.className, name: entry.name, values: common(suite) };
  });
}

/**
 * The selection of the plan by name, id or both, which must agree. UNKNOWN_CONFIG if there is none, AMBIGUOUS_CONFIG if the
 * name fits two or name and id name different ones.
 */
export function findConfig(configs: readonly SavedConfig[], { name, id, field }: ConfigName): SavedConfig {
  const byName = configs.filter((config) => config.name === name);
  const byId = configs.find((config) => config.id === id);
  if (name !== undefined && byName.length === 0) throw unknown(configs, name, field);
  if (id !== undefined && byId === undefined) throw unknown(configs, id, field);
  if (byId !== undefined && name !== undefined && byId.name !== name) {
    throw refusal(
      'AMBIGUOUS_CONFIG',
      `its name and its id ${byId.id} are those of two saved configurations`,
      name,
      field,
    );
  }
  if (byId === undefined && name !== undefined && byName.length > 1) {
    const ids = byName.map((config) => config.id).join(', ');
    throw refusal('AMBIGUOUS_CONFIG', `the name fits the saved configurations ${ids}; use an id`, name, field);
  }
  const config = byId ?? byName[0];
  if (config === undefined) throw new Error('neither a name nor an id was given');
  return config;
}

const keys: ReadonlySet<string> = new Set<SelectionKey>([
  'suiteId',
  'reviewedBy',
  'assignee',
  'createdById',
  'tags',
  'type',
  'priority',
  'requirementId',
  'requirementType',
]);

function single<K extends SelectionKey>(key: K, value: string | number | undefined) {
  return value === undefined ? {} : { [key]: [value] };
}

function unknown(configs: readonly SavedConfig[], given: string | number, field: string): ServiceError {
  const known = configs.slice(0, 10).map(({ id, name }) => `${id} (${name})`);
  const hint = known.length === 0 ? 'has none; leave it out to run the whole plan' : `has ${known.join(', ')}`;
  return refusal('UNKNOWN_CONFIG', `the plan has no such saved configuration: it ${hint}`, given, field);
}

function refusal(
  code: 'UNKNOWN_CONFIG' | 'AMBIGUOUS_CONFIG',
  message: string,
  given: string | number,
  field: string,
): ServiceError {
  const rejectedValue = typeof given === 'string' ? given.slice(0, 100) : given;
  return new ServiceError(code, `${field}: ${message}`, {
    fields: [{ field, message, rejectedValue }],
  });
}

function unknownKey(key: string): ServiceError {
  const message = `cannot select by ${JSON.stringify(String(key).slice(0, 50))}; apply the plan again`;
  return new ServiceError('VALIDATION_FAILED', `executionConfig: ${message}`, {
    fields: [{ field: 'executionConfig', message }],
  });
}
