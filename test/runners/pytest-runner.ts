import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byFile, countFiles, type FixtureCase, identityOf, nastyNames } from './names.ts';
import { preparePytest } from './prepare.ts';
import type { Runner } from './runner.ts';

const command = 'python3 -m pytest -q -p no:cacheprovider --junitxml={report} {selection}';

export const pytest: Runner = {
  selector: 'pytest',
  version: () => preparePytest().replace('pytest ', ''),
  dataDriven: { suite: 'pytest', className: 'tests.UI.test_tax.TestTax', name: 'test_taxes' },
  writeProject(directory, count) {
    const cases = makeCases(count);
    mkdirSync(join(directory, 'tests', 'UI'), { recursive: true });
    for (const [file, own] of byFile(cases)) {
      const source = [recorder, ...classes.filter(({ length }) => length < 2).map((path) => toClass(own, path))].join(
        '\n',
      );
      writeFileSync(join(directory, 'tests', 'UI', `test_area_${file}.py`), source);
    }
    return { executor: { selector: 'pytest', command, directory }, cases };
  },
  writeIterations(directory, names, failing) {
    const sets = names.map((name) => toParameter(name, name === failing ? 'always' : 'never', name));
    const source = `${recorder}\nclass TestTax:\n    ${parametrize(sets)}\n    def test_taxes(self, own):\n        ran(*own)\n`;
    mkdirSync(join(directory, 'tests', 'UI'), { recursive: true });
    writeFileSync(join(directory, 'tests', 'UI', 'test_tax.py'), source);
    return { selector: 'pytest', command, directory };
  },
};

const recorder = `import json, os, pytest
def ran(identity, fails):
    attempt = os.environ['PROCTOR_ATTEMPT']
    with open(os.environ['RAN_LOG'], 'a') as log:
        log.write(json.dumps([attempt, identity]) + '\\n')
    assert fails == 'never' or (fails == 'once' and attempt != '1')
`;

const classes: readonly (readonly string[])[] = [[], ['TestCart'], ['TestCart', 'TestInner'], ['Test_discount']];
// Functions are identifiers; the names that mean something are those of parameters.
const names = ['test_adds', 'test_adds_up', 'test_addß', ...nastyNames.map((name) => `test_prices[${name}]`)];

function makeCases(count: number): FixtureCase[] {
  const fileCount = countFiles(count);
  const perClass = Math.ceil(count / fileCount / classes.length);
  const cases = Array.from({ length: fileCount }, (_, file) =>
    classes.flatMap((path) =>
      Array.from({ length: perClass }, (__, i) => ({ file, path, name: names[i] ?? `test_plain_${i}` })),
    ),
  ).flat();
  const failing: FixtureCase[] = [
    { file: 1, path: ['TestCart', 'TestInner'], name: 'test_adds', fails: 'always' },
    { file: 1, path: [], name: `test_prices[${nastyNames[7]}]`, fails: 'once' },
    { file: 2, path: ['Test_discount'], name: `test_prices[${nastyNames[6]}]`, fails: 'always' },
  ];
  return cases.slice(0, count).map((one) => failing.find((failed) => identityOf(failed) === identityOf(one)) ?? one);
}

/** The tests of a class, within the classes around it; plain functions without one. */
function toClass(cases: readonly FixtureCase[], path: readonly string[]): string {
  const own = cases.filter((one) => one.path.join() === path.join());
  const self = path.length > 0 ? 'self' : '';
  const indent = '    '.repeat(path.length);
  const plain = own.filter(({ name }) => !name.endsWith(']'));
  const prices = own.filter(({ name }) => name.endsWith(']'));
  const lines = plain.flatMap((one) => [`def ${one.name}(${self}):`, `    ran(*${toArguments(one)})`]);
  if (prices.length > 0) {
    const sets = prices.map((one) => toParameter(identityOf(one), one.fails ?? 'never', one.name.slice(12, -1)));
    lines.push(parametrize(sets), `def test_prices(${self ? 'self, ' : ''}own):`, '    ran(*own)');
  }
  // A nested class is written with the outer one, which Python would otherwise replace.
  const inner = path.join() === 'TestCart' ? toClass(cases, ['TestCart', 'TestInner']) : '';
  if (path.length === 2) return [`    class ${path[1]}:`, ...lines.map((line) => indent + line)].join('\n');
  const head = path.length > 0 ? [`class ${path[0]}:`] : [];
  return [...head, ...lines.map((line) => indent + line), inner].join('\n');
}

const parametrize = (sets: readonly string[]) => `@pytest.mark.parametrize('own', [${sets.join(', ')}])`;

function toParameter(identity: string, fails: string, id: string): string {
  return `pytest.param((${JSON.stringify(identity)}, '${fails}'), id=${JSON.stringify(id)})`;
}

function toArguments(one: FixtureCase): string {
  return `(${JSON.stringify(identityOf(one))}, '${one.fails ?? 'never'}')`;
}
