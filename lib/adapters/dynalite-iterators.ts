import { createRequire } from 'node:module';

interface Iterator {
  close(): Promise<void>;
  return?(): Promise<void>;
}

/**
 * dynalite 4 ends what it reads by `iterator.return()`, which the iterators of its LevelDB do not have: every query would leave
 * two of them open, kilobytes that are never freed and files that are never deleted. This gives them one.
 */
export function closeIterators(): void {
  for (const { prototype } of Object.values(iteratorsOf('dynalite', 'level', 'abstract-level'))) {
    prototype.return ??= function (this: Iterator) {
      return this.close();
    };
  }
}

/** The classes that dynalite itself has, wherever its packages were installed. */
function iteratorsOf(...path: readonly string[]): Record<string, { prototype: Iterator }> {
  let require = createRequire(import.meta.url);
  for (const name of path.slice(0, -1)) require = createRequire(require.resolve(name));
  const { AbstractKeyIterator, AbstractValueIterator } = require(path.at(-1) as string);
  return { AbstractKeyIterator, AbstractValueIterator };
}
