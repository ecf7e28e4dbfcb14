import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parsePlan } from '../../../lib/core/plan.ts';
import { selectorFor } from '../../../lib/executors/command/selectors/selector-for.ts';
import { toInputs } from '../../../lib/executors/github-actions/inputs.ts';
import { makeDispatch } from '../dispatch.ts';

const examples = join(import.meta.dirname, '../../../examples/github-actions');
const read = (name: string) => parse(readFileSync(join(examples, name), 'utf8'));

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly with?: Record<string, string>;
}

const workflow = read('e2e.yml');
const steps: Step[] = workflow.jobs.e2e.steps;
const plan = parsePlan(read('plan.yaml'));
const variables = plan.variables;

describe('the example for GitHub Actions', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'proctor-example-'));
    // Prints each word it gets, NUL behind it.
    writeFileSync(join(directory, 'npx'), `#!/bin/sh\nprintf '%s\\0' "$@"\n`);
    chmodSync(join(directory, 'npx'), 0o755);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('declares exactly the inputs that its plan has sent', () => {
    const { inputs } = toInputs(makeDispatch(plan.executor, { variables }));
    const declared = workflow.on.workflow_dispatch.inputs;
    expect(Object.keys(declared).sort()).toEqual(Object.keys(inputs).sort());
    const required = Object.keys(declared).filter((name) => declared[name].required);
    expect(required).toEqual(['proctor_key']);
  });

  it('shows the key in the name of its runs, uploads what the plan reads also on failure, and may do little', () => {
    expect(workflow['run-name']).toMatch(/ \$\{\{ inputs\.proctor_key \}\}$/);
    const upload = steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'));
    expect(upload).toMatchObject({ if: 'always()', with: { name: 'junit', path: 'reports/junit.xml' } });
    expect(plan.executor).toMatchObject({ artifact: 'junit*', workflow: 'e2e.yml' });
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  it.each([
    'adds up prices',
    "it's $HOME and `id` and $(id) and \\",
    'two\nlines; rm -rf /',
    '"double" & <angles> | * ? [a] {b,c} ~ # !',
  ])('hands the picked case %j to the tests as it is, whatever a shell would read in it', (name) => {
    const selection = [{ suite: 'cart.spec.ts', className: '', name }];
    const { inputs } = toInputs(makeDispatch(plan.executor, { selection }));
    const script = steps.find((step) => step.name === 'Run the tests')?.run ?? '';
    const env = { PATH: `${directory}:${process.env.PATH}`, SELECTION: inputs.proctor_selection };
    // As GitHub runs a step: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
    writeFileSync(join(directory, 'step.sh'), script);
    const printed = execFileSync('bash', ['-e', join(directory, 'step.sh')], { env, encoding: 'utf8' });
    const job = { command: '', progressFile: '', reportFile: '' };
    const words = selectorFor({ selector: 'playwright' })?.toArguments(selection, job) ?? [];
    expect(printed.split('\0')).toEqual(['playwright', 'test', '--reporter=junit', ...words, '']);
  });
});
