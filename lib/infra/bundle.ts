import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { buildPage } from '../adapters/build-page.ts';
import { helperTexts } from '../executors/codebuild/helper-texts.ts';
import { functionNames } from './function-table.ts';

/** The directory of this repository's functions. */
const functionsDir = join(import.meta.dirname, '../../functions');

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
export async function bundleFunctions(directory: string, names: readonly string[] = functionNames): Promise<Bundles> {
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    entryPoints: names.map((name) => join(functionsDir, `${name}.ts`)),
    outdir: directory,
    entryNames: '[name]/index',
    outExtension: { '.js': '.cjs' },
    absWorkingDir: directory,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    legalComments: 'external',
    plugins: [leanSdk, leanBadges, helpers, page],
    metafile: true,
    logLevel: 'warning',
  });
  const files = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.cjs'));
  return {
    directory,
    sizes: Object.fromEntries(files.map(([path, { bytes }]) => [path.split('/').at(-2) ?? '', bytes])),
  };
}

/** Modules of the SDK that are replaced, and why nothing is missed. */
const standIns: Readonly<Record<string, string>> = {
  // Lambda hands credentials over in the environment: no need for the chain that looks for them elsewhere.
  '@aws-sdk/credential-provider-node': `export const defaultProvider = () => async () => ({
    accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    sessionToken: process.env.AWS_SESSION_TOKEN,
  });`,
  // Off unless an application asks for it.
  '@aws-sdk/middleware-endpoint-discovery': `export const resolveEndpointDiscoveryConfig = (config) => config;
  export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
    environmentVariableSelector: () => false, configFileSelector: () => false, default: false,
  };`,
  // Loaded by operations that stream events, of which we call none; the client of Lambda asks for its settings.
  '@smithy/core/event-streams': `export const resolveEventStreamSerdeConfig = (config) => config;
  export const eventStreamSerdeProvider = () => undefined;`,
};

/** The modules a build gets, as text: a bundle has no files beside it to read them from. */
const helpers: Plugin = {
  name: 'helpers',
  setup({ onLoad }) {
    const contents = `export const helperTexts = ${JSON.stringify(helperTexts)};`;
    onLoad({ filter: /executors\/codebuild\/helper-texts\.ts$/ }, () => ({ contents, loader: 'js' }));
  },
};

/** The page as it is built now, packed: a bundle has neither its sources nor a bundler. */
const page: Plugin = {
  name: 'page',
  setup({ onLoad }) {
    onLoad({ filter: /adapters\/page-files\.ts$/ }, async () => {
      const files = JSON.stringify(await buildPage());
      return { contents: `const files = ${files};\nexport const readPage = async () => files;`, loader: 'js' };
    });
  },
};

/** Badges are drawn in Verdana of 11 px alone: widths of the other fonts are 220 kB each, and each wants that of an m. */
const leanBadges: Plugin = {
  name: 'lean-badges',
  setup({ onLoad }) {
    const others = /anafanafo\/data\/(verdana-10px-normal|verdana-10px-bold|helvetica-11px-bold)\.json$/;
    onLoad({ filter: others }, () => ({ contents: '[[109,109,10]]', loader: 'json' }));
  },
};

/** Leaves out what an SDK client carries along and these functions never reach: half of a small one. */
export const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup({ onLoad, onResolve }) {
    const names = Object.keys(standIns).join('|');
    onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({ path, namespace: 'stand-in' }));
    onLoad({ filter: /./, namespace: 'stand-in' }, ({ path }) => ({ contents: standIns[path] ?? '', loader: 'js' }));
    // For the user agent, which wants the version alone.
    onLoad({ filter: /@aws-sdk\/client-[a-z-]+\/package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
    // Its 140 classes of errors are 70 kB; an error that is not registered has the base class, and its name all the same.
    onLoad({ filter: /@aws-sdk\/client-ssm\/dist-es\/schemas\/schemas_0\.js$/ }, async ({ path }) => {
      const schemas = await readFile(path, 'utf8');
      return { contents: schemas.replace(/^n0_registry\.registerError\(.*\);$/gm, ''), loader: 'js' };
    });
  },
};
