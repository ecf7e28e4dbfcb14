import { readFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';
import type { Plugin } from 'esbuild';
import { buildPage } from '../adapters/build-page.ts';
import { helperTexts } from '../executors/codebuild/helper-texts.ts';

/** The modules a build gets, as text: a bundle has no files beside it to read them from. */
export const helpers: Plugin = {
  name: 'helpers',
  setup({ onLoad }) {
    const contents = `export const helperTexts = ${JSON.stringify(helperTexts)};`;
    onLoad({ filter: /executors\/codebuild\/helper-texts\.ts$/ }, () => ({ contents, loader: 'js' }));
  },
};

/** The page as it is built now, packed: a bundle has neither its sources nor a bundler. */
export const page: Plugin = {
  name: 'page',
  setup({ onLoad }) {
    onLoad({ filter: /adapters\/page-files\.ts$/ }, async () => {
      const files = JSON.stringify(await buildPage());
      return { contents: `const files = ${files};\nexport const readPage = async () => files;`, loader: 'js' };
    });
  },
};

/** What zod reaches through two namespaces takes everything beside it along: helpers, and the other kinds of times, 12 kB. */
export const leanZod: Plugin = {
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
export const leanBadges: Plugin = {
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
