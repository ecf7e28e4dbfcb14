import type { Catalog, CatalogEntry } from './catalog.ts';

/** Separates the parts of a lookup key; XML and our JSON rim refuse it in names. */
export const sep = '\u001f';

/** Catalogs whose names are kept, and their entries together: some tens of megabytes. */
const maxCatalogs = 50;
const maxEntries = 200_000;
const known = new Map<Catalog, Names>();

/** What names mean, by lookup keys. */
export interface Names {
  readonly positions: Lookup<string, number>;
  readonly iterationAliases: Lookup<string, { readonly testCase: number; readonly iteration: string }>;
  /** Cases that are known without a class. */
  readonly classless: Lookup<string, number>;
  /** The class such a case turned out to be of. */
  readonly boundClass: Lookup<number, string>;
}

type Lookup<K, V> = Pick<Map<K, V>, 'get' | 'set' | 'size'>;

/** The names of a catalog, kept of those used last: a batch of a few cases must not cost what thousands of known ones do. */
export function namesOf(catalog: Catalog): Names {
  const names = known.get(catalog) ?? readNames(catalog);
  known.delete(catalog);
  known.set(catalog, names);
  let entries = 0;
  for (const each of known.keys()) entries += each.entries.length;
  for (const oldest of known.keys()) {
    if ((entries <= maxEntries && known.size <= maxCatalogs) || oldest === catalog) break;
    entries -= oldest.entries.length;
    known.delete(oldest);
  }
  return names;
}

/** The same names; what is set stays above them. */
export function layeredOn(base: Names): Names {
  const over = <K, V extends {}>(below: Lookup<K, V>): Lookup<K, V> => {
    const own = new Map<K, V>();
    return {
      get: (key) => own.get(key) ?? below.get(key),
      set: (key, value) => own.set(key, value),
      get size() {
        return own.size + below.size;
      },
    };
  };
  return {
    positions: over(base.positions),
    iterationAliases: over(base.iterationAliases),
    classless: over(base.classless),
    boundClass: over(base.boundClass),
  };
}

/** Adds what the entry at the position is called; `key` is its own. */
export function learn(
  names: Names,
  entryAt: (position: number) => CatalogEntry | undefined,
  entry: CatalogEntry,
  position: number,
  key: string,
): void {
  const suiteName = (testCase: CatalogEntry | undefined): string => {
    const suite = testCase?.kind === 'case' ? entryAt(testCase.parent) : undefined;
    return suite?.name ?? '';
  };
  names.positions.set(key, position);
  if (entry.kind === 'case' && entry.className === '') {
    names.classless.set(`${suiteName(entry)}${sep}${entry.name}`, position);
  }
  if (entry.kind === 'class') names.boundClass.set(entry.parent, entry.name);
  if (entry.kind === 'iteration') {
    const testCase = bareCaseOf(entryAt, position);
    const { name } = entryAt(testCase) as CatalogEntry;
    const suite = suiteName(entryAt(testCase));
    const meant = { testCase, iteration: entry.name };
    names.iterationAliases.set(`${suite ? `${suite} › ` : ''}${name}${sep}${entry.name}`, meant);
    names.iterationAliases.set(`${suite}${sep}${name}[${entry.name}]`, meant);
    names.iterationAliases.set(`${suite}${sep}${name} (${entry.name})`, meant);
    names.iterationAliases.set(`${suite}${sep}${name}/${entry.name.replace(/\s/gu, '_')}`, meant);
  }
}

/** The case of an iteration or lane, wherever it runs. */
export function bareCaseOf(entryAt: (position: number) => CatalogEntry | undefined, position: number): number {
  const entry = entryAt(position);
  return entry?.kind === 'iteration' || entry?.kind === 'lane' ? bareCaseOf(entryAt, entry.parent) : position;
}

export function keyOf(entry: CatalogEntry): string {
  switch (entry.kind) {
    case 'suite':
      return `s${sep}${entry.name}`;
    case 'case':
      return `c${entry.parent}${sep}${entry.className}${sep}${entry.name}`;
    case 'machine':
      return `m${sep}${entry.name}`;
    case 'lane':
      return `l${entry.parent}${sep}${entry.machine}`;
    case 'class':
      return `k${entry.parent}`;
    case 'iteration':
      return `i${entry.parent}${sep}${entry.name}`;
  }
}

function readNames({ entries }: Catalog): Names {
  const names = { positions: new Map(), iterationAliases: new Map(), classless: new Map(), boundClass: new Map() };
  for (const [position, entry] of entries.entries()) learn(names, (at) => entries[at], entry, position, keyOf(entry));
  return names;
}
