import { describe, expect, it } from 'vitest';
import type { PickedCase } from '../../../lib/core/executor.ts';
import { executorSettings } from '../../../lib/core/executor-settings.ts';
import { parse } from '../../../lib/core/schema.ts';
import { settingsOf } from '../../../lib/core/settings-of.ts';
import { buildCommand } from '../../../lib/executors/command/build-command.ts';

const files = { progressFile: '/data/p', reportFile: '/data/my runs/r.xml', helpersDirectory: '/opt/proctor' };
const adds: PickedCase = { suite: 'S', className: 'C', name: 'adds' };

function build(settings: Record<string, unknown>, cases: readonly PickedCase[] | null) {
  return buildCommand(settingsOf('command', parse(executorSettings, { type: 'command', ...settings })), cases, files);
}

describe('buildCommand', () => {
  it('fills in the report, quoted, and nothing for a selection of everything', () => {
    const { text, executing } = build({ command: 'run {selection} --out {report}', selector: 'jest' }, null);
    expect(text).toBe("run  --out '/data/my runs/r.xml'\n");
    expect(executing).toEqual({ grain: 'everything', description: 'everything' });
  });

  it('puts the arguments at the end of a command without a place for them', () => {
    const { text } = build({ command: 'npx jest ', selector: 'jest' }, [adds]);
    expect(text).toMatch(/^npx jest '--testNamePattern=/);
  });

  it('puts node options where node reads them', () => {
    const { text } = build({ command: 'node --test tests/*.js', selector: 'node:test' }, [adds]);
    expect(text).toMatch(/^node --test --import=\S+ --test-reporter=\S+ .* tests\/\*\.js$/m);
  });

  it('never replaces what a name holds', () => {
    const template = { arguments: '--only {pattern}' };
    const { text } = build({ command: 'run {selection}', selector: template }, [
      { ...adds, name: 'a{report} $& {pattern}' },
    ]);
    expect(text).toBe("run --only 'a\\{report\\} \\$& \\{pattern\\}'\n");
  });

  it('refuses a selection between quotes, where names could become commands', () => {
    for (const command of ['sh -c "run {selection}"', "run '{selection}'", `echo \\" "a'b {selection}"`]) {
      expect(() => build({ command, selector: 'jest' }, null)).toThrow(/must not stand between quotes/);
    }
    expect(() => build({ command: `echo "it's" \\' {selection} "x"`, selector: 'jest' }, null)).not.toThrow();
  });

  it('says that everything runs when nothing can be selected', () => {
    const { text, executing } = build({ command: 'make test' }, [adds]);
    expect(text).toBe('make test\n');
    expect(executing).toEqual({
      grain: 'everything',
      description: 'everything (no selector is configured; all but the 1 picked case are ignored)',
    });
  });

  it('says what runs, and what runs besides', () => {
    const described = (selector: unknown, cases: readonly PickedCase[]) =>
      build({ command: 'run', selector }, cases).executing;
    const data = { ...adds, name: 'taxes', iterations: ['a', 'b'] };
    expect(described('pytest', [adds])).toEqual({ grain: 'cases', description: '1 case' });
    expect(described('pytest', [adds, data])).toEqual({ grain: 'iterations', description: '1 case and 2 iterations' });
    expect(described('pytest', [data])).toEqual({ grain: 'iterations', description: '2 iterations' });
    expect(described('maven-surefire', [data])).toEqual({
      grain: 'cases',
      description: '1 case (all iterations run; those that were not picked are ignored)',
    });
    expect(
      described('vitest', [
        { ...adds, suite: 'a.ts' },
        { ...adds, suite: 'b.ts' },
      ]).description,
    ).toBe('2 cases (cases of the same full name in the other picked files run too)');
  });

  it('says when a case runs on a machine it was not picked for', () => {
    const described = (...cases: PickedCase[]) =>
      build({ command: 'run', selector: 'pytest' }, cases).executing.description;
    const on = (machine: string, name = 'adds') => ({ ...adds, name, machine });
    expect(described(on('a'))).toBe('1 case');
    expect(described(on('a'), on('b'))).toBe('2 cases');
    const extra = '2 cases (on each machine of the attempt; what was not picked there is ignored)';
    expect(described(on('a'), on('b', 'removes'))).toBe(extra);
    expect(described(on('a'), { ...adds, name: 'removes' })).toBe(extra);
  });

  it('tests only the packages of the picked cases where a command says all', () => {
    const command = 'gotestsum --junitfile {report} ./... {selection}';
    const cart = { suite: 'shop/cart', className: 'shop/cart', name: 'TestAdds' };
    const one = build({ command, selector: 'go-test' }, [cart]);
    expect(one.text).toBe("gotestsum --junitfile '/data/my runs/r.xml' shop/cart '-run=^TestAdds$'\n");
    expect(one.executing.description).toBe('1 case');
    const two = build({ command, selector: 'go-test' }, [cart, { ...cart, className: 'shop/tax' }]);
    expect(two.executing.description).toBe('2 cases (tests of the same name in the other picked packages run too)');
    const all = build({ command, selector: 'go-test' }, null);
    expect(all.text).toContain(' ./... ');
    const elsewhere = build({ command: 'gotestsum ./cart {selection}', selector: 'go-test' }, [cart]);
    expect(elsewhere.text).toContain(' ./cart ');
    expect(elsewhere.executing.description).toBe('1 case (tests of the same name in other packages run too)');
  });

  it('runs suites, or everything, when 5,000 names are too long for a command line', () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      suite: 'a.test.ts',
      className: 'a.test.ts',
      name: `Cart > case number ${i} with a name`,
    }));
    const vitest = build({ command: 'vitest run', selector: 'vitest' }, many);
    expect(vitest.text).toBe('vitest run a.test.ts\n');
    expect(vitest.executing.grain).toBe('suites');
    expect(vitest.executing.description).toMatch(
      /^1 suite \(the names are too long for one command line; all but the 5000/,
    );
    const jest = build({ command: 'jest', selector: 'jest' }, many);
    expect(jest.text).toMatch(/^jest --testRunner=\S+jest-test-runner\.mjs '\(\?:\^\|\/\)a\\\.test\\\.ts\$'$/m);
    expect(jest.executing.description).toBe('5000 cases');
    const nowhere = build(
      { command: 'jest', selector: 'jest' },
      many.map((one) => ({ ...one, suite: 'Cart' })),
    );
    expect(nowhere.text).toBe('jest\n');
    expect(nowhere.executing.description).toMatch(/^everything \(the names are too long/);
    expect(build({ command: 'node --test', selector: 'node:test' }, many).executing.description).toBe('5000 cases');
  });
});
