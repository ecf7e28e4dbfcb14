import { readFileSync } from 'node:fs';

/** A package as the lock file has it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
  readonly integrity: string | undefined;
  /** Where it comes from, if not from the registry under its name and version. */
  readonly resolved: string | undefined;
  readonly hasInstallScript: boolean;
  /** Only for developing. */
  readonly dev: boolean;
  /** For some platforms only. */
  readonly optional: boolean;
  /** Shipped inside of the package that needs it, whose hash covers it. */
  readonly bundled: boolean;
}

/** Packages that say their licence in a file alone. */
const toldInFiles: Readonly<Record<string, string>> = { 'color-convert@0.5.3': 'MIT' };

interface Entry {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly inBundle?: boolean;
}

/** Every package of the lock file in the working directory, our own left out. */
export function readLock(): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> };
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version ?? '',
      licence: entry.license,
      integrity: entry.integrity,
      resolved: entry.resolved,
      hasInstallScript: entry.hasInstallScript ?? false,
      dev: entry.dev ?? false,
      optional: entry.optional ?? false,
      bundled: entry.inBundle ?? false,
    }));
}

/** What the package says, or the file beside it that was read by a person. */
export function licenceOf({ name, version, licence }: LockedPackage): string {
  return licence ?? toldInFiles[`${name}@${version}`] ?? 'unknown';
}
