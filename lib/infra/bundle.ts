import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build, type Metafile, type Plugin, transform } from 'esbuild';
import { buildPage } from '../adapters/build-page.ts';
import { helperTexts } from '../executors/codebuild/helper-texts.ts';
import { routes } from '../http/routes.ts';
import { functionNames } from './function-table.ts';
import { bundlePackages, latePackages } from './late-packages.ts';
import { leanSdk } from './lean-sdk/plugin.ts';

/** The directory of this repository's functions. */
const functionsDir = join(import.meta.dirname, '../../functions');

export interface Bundles {
  /** Holds one directory a function, each with a file `index.cjs` that exports `handler`. */
  readonly directory: string;
  readonly sizes: Readonly<Record<string, Sizes>>;
}

/** In bytes. */
export interface Sizes {
  /** Of what is loaded before the first call. */
  readonly start: number;
  /** Of everything, the parts that are loaded when they are needed included. */
  readonly whole: number;
}

/**
 * Bundles every function of the table: `index.cjs`, and beside it a chunk for each part that is imported when it is needed.
 * CommonJS, because an ES module that imports `node:http` loads undici and costs 26 to 36 ms more at a cold start
 * (performance.md). Throws what esbuild finds wrong.
 */
export async function bundleFunctions(directory: string, names: readonly string[] = functionNames): Promise<Bundles> {
  const [modules, packages] = await Promise.all([bundleModules(names), bundlePackages(settings)]);
  const sizes = await Promise.all(
    names.map(async (name) => [name, await bundleFunction(name, { modules, packages }, join(directory, name))]),
  );
  return { directory, sizes: Object.fromEntries(sizes) };
}

const settings = { platform: 'node', target: 'node24' } as const;
const split = { ...settings, bundle: true, splitting: true, format: 'esm' } as const;

/** What the functions are made of, by path: read once for all of them, which is most of the work. */
async function bundleModules(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    ...split,
    entryPoints: names.map((name) => join(functionsDir, `${name}.ts`)),
    outdir: functionsDir,
    absWorkingDir: functionsDir,
    mainFields: ['module', 'main'],
    legalComments: 'inline',
    plugins: [leanSdk, leanZod, leanBadges, latePackages, helpers, page, routesLater],
    write: false,
    logLevel: 'warning',
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** Code by the names of its files. */
type Files = ReadonlyMap<string, string>;

async function bundleFunction(
  name: string,
  { modules, packages }: { readonly modules: Files; readonly packages: Files },
  outdir: string,
): Promise<Sizes> {
  const { outputFiles, metafile } = await build({
    ...split,
    entryPoints: { index: join(functionsDir, `${name}.js`) },
    outdir,
    outExtension: { '.js': '.cjs' },
    minify: true,
    legalComments: 'external',
    plugins: [ownRoutes(name), fromMemory(modules)],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const files = await Promise.all(
    outputFiles.map(async ({ path, text }) => [basename(path), await toCommonJs(path, text)] as const),
  );
  const late = [...packages].filter(([file]) => files.some(([, code]) => code.includes(`"./${file}"`)));
  const shipped = new Map([...files, ...late]);
  await mkdir(outdir, { recursive: true });
  await Promise.all([...shipped].map(([file, code]) => writeFile(join(outdir, file), code)));
  return sizesOf(shipped, metafile);
}

/** A pass of its own: esbuild makes chunks of ES modules only. */
async function toCommonJs(path: string, text: string): Promise<string> {
  if (!path.endsWith('.cjs')) return text;
  const supported = { 'dynamic-import': false };
  return (await transform(text, { ...settings, format: 'cjs', minify: true, supported })).code;
}

function sizesOf(shipped: Files, { outputs }: Metafile): Sizes {
  const imports = new Map(Object.entries(outputs).map(([path, output]) => [basename(path), output.imports]));
  const start = new Set(['index.cjs']);
  // A set goes on with what is added while it is walked.
  for (const file of start) {
    const needed = (imports.get(file) ?? []).filter(({ kind, external }) => kind === 'import-statement' && !external);
    for (const { path } of needed) start.add(basename(path));
  }
  const bytes = (file: string) => (file.endsWith('.cjs') ? Buffer.byteLength(shipped.get(file) ?? '') : 0);
  const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + bytes(file), 0);
  return { start: sum(start), whole: sum(shipped.keys()) };
}

/** The modules of the first pass; whatever else is imported stays outside. */
function fromMemory(modules: Files): Plugin {
  return {
    name: 'from-memory',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /./ }, ({ path, resolveDir }) => {
        const file = resolve(resolveDir, path);
        return modules.has(file) ? { path: file } : { path, external: true };
      });
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        const contents = modules.get(path);
        return contents === undefined ? undefined : { contents };
      });
    },
  };
}

const routesFile = join(import.meta.dirname, '../http/routes.ts');

const routesLater: Plugin = {
  name: 'routes-later',
  setup({ onResolve }) {
    onResolve({ filter: /\/routes\.ts$/ }, () => ({ path: 'proctor:routes', external: true }));
  },
};

/** Its own lines of the route table: the API sends a function nothing else. Only what serves the rest needs them all. */
function ownRoutes(name: string): Plugin {
  const own = routes.filter((route) => route.function === name);
  return {
    name: 'own-routes',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^proctor:routes$/ }, () =>
        own.length === 0 ? { path: routesFile } : { path: name, namespace: 'routes' },
      );
      onLoad({ filter: /./, namespace: 'routes' }, () => ({
        contents: `export const routes = ${JSON.stringify(own)};`,
      }));
    },
  };
}

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

/** What zod reaches through two namespaces takes everything beside it along: helpers, and the other kinds of times, 12 kB. */
const leanZod: Plugin = {
  name: 'lean-zod',
  setup({ onLoad }) {
    const edit = (filter: RegExp, from: string, to: string) =>
      onLoad({ filter }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replaceAll(from, to),
        loader: 'js',
      }));
    edit(/zod\/v4\/mini\/schemas\.js$/, 'core.util.', 'util.');
    const namespace = 'export * as iso from "./iso.js";';
    edit(
      /zod\/v4\/mini\/external\.js$/,
      namespace,
      'import { datetime } from "./iso.js"; export const iso = { datetime };',
    );
  },
};

/**
 * Badges are drawn in Verdana of 11 px alone, and each font wants the width of an m: their tables are 220 kB each. The one that is
 * left, ranges of characters with their widths, is packed as distances, which are small numbers.
 */
const leanBadges: Plugin = {
  name: 'lean-badges',
  setup({ onLoad }) {
    const others = /anafanafo\/data\/(verdana-10px-normal|verdana-10px-bold|helvetica-11px-bold)\.json$/;
    onLoad({ filter: others }, () => ({ contents: '[[109,109,10]]', loader: 'json' }));
    onLoad({ filter: /anafanafo\/data\/verdana-11px-normal\.json$/ }, async ({ path }) => {
      const ranges = JSON.parse(await readFile(path, 'utf8')) as [number, number, number][];
      const distances = ranges.map(([from, to, width], i) => [
        from - (ranges[i - 1]?.[1] ?? 0),
        to - from,
        width * 100,
      ]);
      const packed = deflateRawSync(JSON.stringify(distances.flat().map(Math.round)), { level: 9 }).toString('base64');
      return { contents: unpackWidths(packed), loader: 'js' };
    });
  },
};

function unpackWidths(packed: string): string {
  return `const distances = JSON.parse(require('node:zlib').inflateRawSync(Buffer.from('${packed}', 'base64')));
    const ranges = [];
    for (let i = 0, to = 0; i < distances.length; i += 3) {
      const from = to + distances[i];
      to = from + distances[i + 1];
      ranges.push([from, to, distances[i + 2] / 100]);
    }
    module.exports = ranges;`;
}
