import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const entry = 'bin/proctor.ts';
/** What it is built by: this file, and what changes with every installation. */
const means = ['bin/program.mjs', 'node_modules/.package-lock.json'];
/** A process that runs still loads parts of what it began with: they stay for so long after something took their place. */
const keepMs = 7 * 24 * 3_600_000;

/**
 * The URL of the program, built from its sources into a few files that load in a third of the time and with two thirds of the
 * memory of some hundred. It is built when a source is not what it was, so that nobody has to think of it. Where that cannot be
 * done the sources are run as they are.
 */
export async function findProgram() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  try {
    return pathToFileURL(await findBuilt(root)).href;
  } catch {
    // The cache cannot be written, or a source is broken: then this says why.
    (await import('tsx/esm/api')).register();
    return pathToFileURL(join(root, entry)).href;
  }
}

/** The file of the program of a checkout, built if need be. */
export async function findBuilt(root) {
  const cache = join(root, 'node_modules/.cache/proctor');
  return (await findFresh(root, cache)) ?? (await build(root, cache));
}

async function findFresh(root, cache) {
  try {
    const known = await readList(cache);
    // A copy of the checkout has a copy of the cache, which knows where it was made.
    if (known.root !== root) return undefined;
    const [states] = await Promise.all([
      Promise.all(known.sources.map(([file]) => stateOf(join(root, file)))),
      ...[known.program, ...known.files].map((file) => access(file)),
    ]);
    return states.every((state, i) => state === known.sources[i][1]) ? known.program : undefined;
  } catch {
    // A file is gone, or the list is none of this version's: what is built anew takes its place.
    return undefined;
  }
}

/** What was built last, and from what. */
async function readList(cache) {
  return JSON.parse(await readFile(join(cache, 'sources.json'), 'utf8'));
}

async function build(root, cache) {
  const startedAt = Date.now();
  const esbuild = await import('esbuild');
  const { outputFiles, metafile } = await esbuild.build({
    ...bundling,
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: cache,
    // By their content: what is there already is right, and what others run is not touched.
    entryNames: '[name]-[hash]',
    chunkNames: '[hash]',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs).filter((file) => !file.startsWith('node_modules/'));
  const sources = await Promise.all(
    [...new Set([...inputs, ...means])].map(async (file) => [file, await stateOf(join(root, file), startedAt)]),
  );
  await mkdir(cache, { recursive: true });
  const before = await readList(cache).catch(() => undefined);
  for (const { path, contents } of outputFiles) await write(path, contents);
  const files = outputFiles.map(({ path }) => path);
  const [name] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === entry);
  const program = join(root, name);
  const list = join(cache, 'sources.json');
  await write(list, JSON.stringify({ root, program, files, sources }));
  for (const file of before?.files ?? []) await utimes(file, new Date(), new Date()).catch(() => undefined);
  await forgetOthers(cache, new Set([list, ...files]));
  return program;
}

/** A source knows where it is: what it looks for lies beside it, and not beside what is built. */
const inPlace = {
  name: 'in-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { loader: 'ts', contents };
    });
  },
};

/** How sources become a program that loads fast. */
export const bundling = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  mainFields: ['module', 'main'],
  // They look for files beside their own.
  external: ['dynalite', 'esbuild'],
  // For packages that are no ES modules and load what Node brings.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  plugins: [inPlace],
};

/** At once or not at all: another start may be reading it. */
async function write(path, contents) {
  const draft = join(dirname(path), `${randomUUID()}.${basename(path)}`);
  await writeFile(draft, contents);
  await rename(draft, path);
}

async function forgetOthers(cache, used) {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (used.has(path)) continue;
    // Another start may have just renamed it.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < Date.now() - keepMs) await rm(path, { force: true });
  }
}

/** What changed since `before` may not be what was built: it is never the same again. */
async function stateOf(file, before = Number.POSITIVE_INFINITY) {
  const { mtimeMs, size } = await stat(file).catch(() => ({ mtimeMs: 0, size: -1 }));
  return mtimeMs >= before ? 'changed' : `${mtimeMs} ${size}`;
}
