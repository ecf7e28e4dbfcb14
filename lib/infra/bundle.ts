import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { build, type Metafile, type Plugin, transform } from 'esbuild';
import { routes } from '../http/routes.ts';
import { helpers, leanBadges, leanZod, page } from './bundle-contents.ts';
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
  // Chunks have other names with each change of theirs.
  await rm(outdir, { recursive: true, force: true });
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
