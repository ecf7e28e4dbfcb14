import { describe, expect, it } from 'vitest';
import type { PickedCase } from '../../../lib/core/executor.ts';
import { selectors } from '../../../lib/core/executor-settings.ts';
import { selectorFor } from '../../../lib/executors/command/selectors/selector-for.ts';

const job = { command: 'run', progressFile: '/data/p', reportFile: '/data/r.xml', helpersDirectory: '/opt/proctor' };

type Settings = Parameters<typeof selectorFor>[0]['selector'];

function argumentsOf(selector: NonNullable<Settings>, ...cases: Partial<PickedCase>[]): string[] {
  const picked = cases.map((one) => ({ suite: '', className: '', name: '', ...one }));
  return selectorFor({ selector })?.toArguments(picked, job) ?? [];
}

/** The pattern of the first argument, as the runner compiles it. */
function patternOf(selector: NonNullable<Settings>, ...cases: Partial<PickedCase>[]): RegExp {
  const [argument = ''] = argumentsOf(selector, ...cases);
  return new RegExp(argument.slice(argument.indexOf('=') + 1));
}

describe('selectors', () => {
  it('exist for every name a plan may give, and not without one', () => {
    for (const selector of selectors) expect(selectorFor({ selector })).not.toBeNull();
    expect(selectorFor({})).toBeNull();
  });

  it.each(['vitest', 'jest'] as const)('%s matches names literally and wholly', (selector) => {
    const name = 'costs $5 (a|b) [x] \\d+ "q" — ü';
    const pattern = patternOf(selector, { name });
    expect(pattern.test(name)).toBe(true);
    for (const other of [`${name} more`, `more ${name}`, 'costs 5 a 1']) expect(other).not.toMatch(pattern);
  });

  it('vitest joins the path with blanks and narrows to the files', () => {
    const cart = { suite: 'test/cart.test.ts', className: 'test/cart.test.ts' };
    expect(argumentsOf('vitest', { ...cart, name: 'Cart > adds' }).slice(1)).toEqual(['test/cart.test.ts']);
    const pattern = patternOf('vitest', { ...cart, name: 'Cart > adds' });
    expect(pattern.test('Cart adds')).toBe(true);
    expect(pattern.test('Cart > adds')).toBe(true);
    expect(pattern.test('Cart adds up')).toBe(false);
    expect(patternOf('vitest', { name: 'taxes', iterations: ['a.b'] }).test('taxes axb')).toBe(false);
    expect(patternOf('vitest', { name: 'taxes', iterations: ['a.b'] }).test('taxes (a.b)')).toBe(true);
  });

  it('jest finds the full name whichever way jest-junit split it', () => {
    for (const split of [
      { suite: 'Cart', className: 'Cart adds', name: 'Cart adds' },
      { suite: 'Cart', className: 'Cart', name: 'adds' },
      { suite: 'Cart', className: '', name: 'adds' },
    ]) {
      expect(patternOf('jest', split).test('Cart adds')).toBe(true);
      expect(patternOf('jest', split).test('Tax adds')).toBe(false);
    }
  });

  it.each(['vitest', 'jest', 'playwright'] as const)(
    '%s runs no other case that looks like an iteration',
    (selector) => {
      const cart = { suite: 'cart.test.ts', name: 'adds' };
      const place = selector === 'playwright' ? ' cart.test.ts ' : '';
      expect(`${place}adds`).toMatch(patternOf(selector, cart));
      for (const other of ['adds (twice)', 'adds[1]'])
        expect(`${place}${other}`).not.toMatch(patternOf(selector, cart));
      const dataDriven = patternOf(selector, { ...cart, iterations: [] });
      for (const iteration of ['adds (twice)', 'adds[1]']) expect(`${place}${iteration}`).toMatch(dataDriven);
    },
  );

  it.each(['vitest', 'jest'] as const)(
    '%s gets a pattern a file, so that no name runs in the file of another',
    (selector) => {
      const cases = [
        { suite: 'a.test.ts', className: '', name: 'adds' },
        { suite: 'b.test.ts', className: '', name: 'pays' },
      ];
      const patterns = selectorFor({ selector })?.patternsByFile?.(cases) ?? {};
      expect(Object.keys(patterns)).toEqual(['a.test.ts', 'b.test.ts']);
      expect(new RegExp(patterns['a.test.ts'] ?? '').test('adds')).toBe(true);
      expect(new RegExp(patterns['a.test.ts'] ?? '').test('pays')).toBe(false);
    },
  );

  it('jest does not take a case for that of the same name in no describe or another', () => {
    const inner = { suite: 'cart.test.ts', className: 'Cart inner', name: 'adds' };
    expect('Cart inner adds').toMatch(patternOf('jest', inner));
    for (const other of ['adds', 'Cart adds']) expect(other).not.toMatch(patternOf('jest', inner));
    expect('Cart adds').toMatch(
      patternOf('jest', { suite: 'cart.test.ts', className: 'Cart adds', name: 'Cart adds' }),
    );
  });

  it('jest runs just the files it knows, as patterns of paths', () => {
    expect(argumentsOf('jest', { suite: 'a (1).test.ts', name: 'adds' }).slice(1)).toEqual([
      '(?:^|/)a \\(1\\)\\.test\\.ts$',
    ]);
    expect(argumentsOf('jest', { suite: 'Cart', name: 'adds' })).toHaveLength(1);
  });

  it('jest finds titles that jest-junit took for its own replacement', () => {
    expect('costs $& and $$5').toMatch(patternOf('jest', { name: 'costs {title} and $5' }));
    expect('costs {title} and $5').toMatch(patternOf('jest', { name: 'costs {title} and $5' }));
  });

  it('playwright runs the projects that are the machines of the cases, and all if a case names none', () => {
    const adds = { suite: 'cart.spec.ts', name: 'adds' };
    const pays = { suite: 'pay.spec.ts', name: 'pays' };
    const on = (...machines: string[]) => machines.map((machine) => ({ ...adds, machine }));
    expect(argumentsOf('playwright', ...on('chromium'))[0]).toBe('--project=chromium');
    const [first, second, grep, ...rest] = argumentsOf('playwright', ...on('chromium', 'firefox'));
    expect([first, second, ...rest]).toEqual(['--project=chromium', '--project=firefox']);
    expect(grep).toMatch(/^--grep=/);
    expect(argumentsOf('playwright', ...on('chromium'), pays)).toEqual(argumentsOf('playwright', adds, pays));
    const suites = selectorFor({ selector: 'playwright' })?.toSuiteArguments;
    expect(suites?.([{ ...adds, className: '', machine: 'firefox' }])[0]).toBe('--project=firefox');
  });

  it.each(selectors)('%s names a case once that was picked on two machines', (selector) => {
    const adds = { suite: 'cart.spec.ts', className: 'shop.Cart', name: 'adds', file: 'cart.spec.ts' };
    const twice = argumentsOf(selector, { ...adds, machine: 'a' }, { ...adds, machine: 'b' });
    expect(twice.filter((argument) => !argument.startsWith('--project='))).toEqual(argumentsOf(selector, adds));
  });

  it('playwright matches project, file, describes and title, whatever the tags', () => {
    const pattern = patternOf('playwright', {
      suite: '[chromium] › cart.spec.ts',
      className: 'cart.spec.ts',
      name: 'Cart › adds',
    });
    expect(pattern.test(' chromium cart.spec.ts Cart adds @smoke @slow')).toBe(true);
    for (const other of [
      ' chromium cart.spec.ts Cart adds up',
      ' chromium other-cart.spec.ts Cart adds',
      ' firefox cart.spec.ts Cart adds',
      ' mobile chromium cart.spec.ts Cart adds',
    ]) {
      expect(other).not.toMatch(pattern);
    }
    const anywhere = patternOf('playwright', { suite: 'cart.spec.ts', name: 'Cart › adds' });
    expect(anywhere.test('  cart.spec.ts Cart adds')).toBe(true);
    expect(anywhere.test(' firefox cart.spec.ts Cart adds')).toBe(true);
    expect(patternOf('playwright', { suite: 'a.ts', name: 'a › b' }).test('  a.ts a › b')).toBe(true);
  });

  it('pytest makes node ids, of the file if it is known', () => {
    const className = 'tests.shop.test_cart.TestCart';
    expect(argumentsOf('pytest', { className, name: 'test_adds' })).toEqual([
      'tests/shop/test_cart.py::TestCart::test_adds',
    ]);
    expect(
      argumentsOf('pytest', { suite: 'pytest', className: 'test_cart', name: 'test_tax', iterations: ['de', 'a b'] }),
    ).toEqual(['test_cart.py::test_tax[de]', 'test_cart.py::test_tax[a b]']);
    expect(argumentsOf('pytest', { className, name: 'x', file: '-odd.py' })).toEqual(['./-odd.py::TestCart::x']);
  });

  it('pytest tells folders from classes by what looks like a module', () => {
    expect(argumentsOf('pytest', { className: 'tests.UI.test_cart.TestCart.TestInner', name: 'test_adds' })).toEqual([
      'tests/UI/test_cart.py::TestCart::TestInner::test_adds',
    ]);
    expect(argumentsOf('pytest', { className: 'shop.CartCase', name: 'test_adds' })).toEqual([
      'shop.py::CartCase::test_adds',
    ]);
  });

  it('pytest runs everything for a case whose module nobody told', () => {
    expect(argumentsOf('pytest', { suite: 'pytest', name: 'test_adds' })).toEqual([]);
  });

  it('surefire groups methods by class, strips parameters, and runs the class of a display name', () => {
    const cart = { className: 'shop.CartTest' };
    expect(
      argumentsOf(
        'maven-surefire',
        { ...cart, name: 'adds' },
        { ...cart, name: 'taxes(String)[1]' },
        { ...cart, name: 'taxes(String)[2]' },
      ),
    ).toEqual(['-Dtest=shop.CartTest#adds+taxes', '-Dsurefire.failIfNoSpecifiedTests=false']);
    expect(argumentsOf('maven-surefire', { ...cart, name: 'adds' }, { ...cart, name: 'adds up prices' })[0]).toBe(
      '-Dtest=shop.CartTest',
    );
    expect(argumentsOf('maven-surefire', { className: 'a,!b#c', name: 'd' })[0]).toBe('-Dtest=a??b?c#d');
  });

  it('go test anchors each level and keeps cases apart', () => {
    expect(argumentsOf('go-test', { name: 'TestAdd' }, { name: 'TestTax', iterations: ['a b', 'c|d'] })).toEqual([
      '-run=^TestAdd$|^TestTax$/^(?:a_b|c\\|d)$',
    ]);
    expect(argumentsOf('go-test', { name: 'TestA/x' }, { name: 'TestC' }, { name: 'TestB' })).toEqual([
      '-run=^(?:TestC|TestB)$|^TestA$/^x$',
    ]);
  });

  it('go test runs no test for a subtest of it that failed with it', () => {
    expect(argumentsOf('go-test', { name: 'TestTax' }, { name: 'TestTax/de' }, { name: 'TestTax/de/low' })).toEqual([
      '-run=^TestTax$/^de$/^low$',
    ]);
  });

  it('a template takes the escaped names, joined, as one word', () => {
    const selector = { arguments: '--filter  name={pattern} -q', join: ' or ' };
    expect(argumentsOf(selector, { name: 'a.b' }, { name: 'c d' }, { name: 'a.b' })).toEqual([
      '--filter',
      'name=a\\.b or c d',
      '-q',
    ]);
  });
});
