import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { functionNames } from './function-table.ts';

/** The directory of this repository's functions. */
export const functionsDir = join(import.meta.dirname, '../../functions');

export interface Bundles {
  /** Holds one directory a function, each with one file `index.cjs` that exports `handler`. */
  readonly directory: string;
  /** Bytes of each file. */
  readonly sizes: Readonly<Record<string, number>>;
}

/**
 * Bundles every function of the table in one go. CommonJS, because an ES module that imports `node:http` loads undici and
 * costs 26 to 36 ms more at a cold start (performance.md). Throws what esbuild finds wrong.
 */
export function bundleFunctions(directory: string, from: string = functionsDir): Bundles {
  const { metafile } = buildSync({
    entryPoints: functionNames.map((name) => join(from, `${name}.ts`)),
    outdir: directory,
    entryNames: '[name]/index',
    outExtension: { '.js': '.cjs' },
    absWorkingDir: from,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    // Lambda hands credentials over in the environment: the chain that looks for them elsewhere is 40 % of an SDK client.
    alias: { '@aws-sdk/credential-provider-node': join(import.meta.dirname, 'environment-credentials.ts') },
    metafile: true,
    logLevel: 'warning',
  });
  const sizes = Object.entries(metafile.outputs).map(([path, { bytes }]) => [path.split('/').at(-2) ?? path, bytes]);
  return { directory, sizes: Object.fromEntries(sizes) };
}
