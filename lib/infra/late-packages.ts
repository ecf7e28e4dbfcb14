import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Packages that only some calls need, and what is used of them: 8 to 115 kB each, in files beside the functions. */
const packages: Readonly<Record<string, readonly string[]>> = {
  croner: ['Cron'],
  fflate: ['Unzip', 'UnzipInflate'],
  saxes: ['SaxesParser'],
  yaml: ['parseDocument'],
};

/**
 * Puts in the place of such a package a module that loads it, without a promise, when it is first used. An import in the sources
 * would be a promise, and what works with cron expressions is a core without any.
 */
export const latePackages: Plugin = {
  name: 'late-packages',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(packages).join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'late' }));
    onResolve({ filter: /^\.\/late-.*\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter, namespace: 'late' }, ({ path }) => ({ contents: standIn(path, packages[path] ?? []) }));
  },
};

/** Classes and functions alike. */
function standIn(name: string, exports: readonly string[]): string {
  const stands = exports.map(
    (each) => `export function ${each}(...given) {
      const real = require('./${fileOf(name)}').${each};
      return new.target ? new real(...given) : real(...given);
    }`,
  );
  return stands.join('\n');
}

function fileOf(name: string): string {
  return `late-${name}.cjs`;
}

/** The packages themselves, by the names of their files. */
export async function bundlePackages(settings: {
  readonly platform: 'node';
  readonly target: string;
}): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    ...settings,
    entryPoints: Object.keys(packages).map((name) => ({ in: `late:${name}`, out: `late-${name}` })),
    plugins: [usedAlone],
    outdir: '.',
    absWorkingDir: join(import.meta.dirname, '../..'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    format: 'cjs',
    mainFields: ['module', 'main'],
    legalComments: 'inline',
    write: false,
  });
  return new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
}

/** What is not used is left out where the package can be taken apart. */
const usedAlone: Plugin = {
  name: 'used-alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^late:/ }, ({ path }) => ({ path: path.slice('late:'.length), namespace: 'used' }));
    onLoad({ filter: /./, namespace: 'used' }, ({ path }) => ({
      contents: `export { ${(packages[path] ?? []).join(', ')} } from '${path}';`,
      resolveDir: import.meta.dirname,
    }));
  },
};
