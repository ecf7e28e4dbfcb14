import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { routes } from '../../lib/http/routes.ts';
import { documents } from './blocks.ts';

const readme = readFileSync('README.md', 'utf8');

describe('links', () => {
  it.each(documents)('of %s lead to files and headings that are there', (document) => {
    const text = readFileSync(document, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', heading] = target.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      expect(existsSync(file), `${document}: ${target}`).toBe(true);
      if (heading !== undefined) expect(headingsOf(file), `${document}: ${target}`).toContain(heading);
    }
    // Documents are named in the text, too.
    for (const [, path = ''] of text.matchAll(/`((?:docs|examples|test|lib|contracts)\/[\w./-]+\.\w+)`/g))
      expect(existsSync(path), `${document}: ${path}`).toBe(true);
  });
});

describe('what README.md is compatible with', () => {
  const rows = [...readme.matchAll(/^\| (.*?) +\| (.*?) *\| (.*?) *\|$/gm)]
    .map(([, call = '', , proof = '']) => ({ call, proof }))
    .filter(({ proof }) => proof.includes('](test/'));

  it.each(rows)('$call is proved by tests that are there', ({ proof }) => {
    const files = [...proof.matchAll(/\]\((test\/[^)]+)\)/g)].map(([, file = '']) => file);
    const sources = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const names = [...proof.matchAll(/(?<![\w*])[*_]([^*_]+)[*_](?!\w)/g)].map(([, name = '']) => name);
    if (proof.includes('): ')) expect(names).not.toEqual([]);
    for (const name of names) expect(sources, name).toContain(`'${name}'`);
  });

  it('has every route of both surfaces', () => {
    const told = rows.flatMap(({ call }) =>
      [...call.matchAll(/`((?:[A-Z]+)(?:, [A-Z]+)*) (\/[^`]*)`/g)].map(([, methods = '', path = '']) => ({
        methods,
        path,
      })),
    );
    for (const { method, path, surface } of routes) {
      if (surface !== 'testsigma' && surface !== 'testinium') continue;
      const short = path.replace('/Testinium.RestApi/api/', '/');
      const row = told.find(
        (one) =>
          one.methods.split(', ').includes(method) &&
          (one.path.endsWith('…') ? short.startsWith(one.path.slice(0, -1)) : one.path === short),
      );
      expect(row, `${method} ${path}`).toBeDefined();
    }
  });
});

describe('what README.md says of cost', () => {
  it('multiplies transitions that are measured', () => {
    const rows = [...readme.matchAll(/^\| [^|]+ \| +(\d+) \| +([\d.]+) \|$/gm)];
    expect(rows).toHaveLength(4);
    const measured = readFileSync('docs/measured.md', 'utf8');
    for (const [, transitions = '', dollars] of rows) {
      expect(measured).toMatch(new RegExp(`\\| +${transitions} \\|`));
      expect(Number(dollars)).toBeCloseTo((1000 * Number(transitions) * 0.025) / 1000, 6);
    }
  });

  it('counts the requests of a client that polls', () => {
    const requests = (3600 / 15) * 1000;
    expect(readme).toContain(`${requests.toLocaleString('en')} for 1,000 runs`);
    expect(readme).toContain(`$${(requests * ((1 + 0.2) / 1e6)).toFixed(2)} at $1.00 a million`);
  });

  it('counts what an idle deployment calls', () => {
    // test/infra/stack.test.ts has the schedules of the template.
    const sources = globSync('lib/infra/*.ts').map((file) => readFileSync(file, 'utf8'));
    const count = (pattern: RegExp) => sources.join('\n').match(pattern)?.length;
    expect(count(/ invokeEveryMinute\(this,/g)).toBe(3);
    const calls = 3 * 60 * 730;
    expect(readme).toContain(`calls three functions a minute, ${calls.toLocaleString('en')} a month`);
    expect(count(/new Secret\(/g)).toBe(1);
  });
});

/** The headings of a document, as a page links to them. */
function headingsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
