import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly shell: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export interface ActionRun {
  /** Of the step that runs the plan. */
  readonly code: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly log: string;
  readonly summary: string;
}

export async function readAction(): Promise<Action> {
  return parse(await readFile(join(root, 'action.yml'), 'utf8'));
}

/**
 * Does the steps of action.yml as a runner does: expressions are replaced in `env` and outputs, scripts are files for the shell,
 * outputs and summary are files. `onStep` gets the process of each step, which is what a runner signals.
 */
export async function runAction(
  action: Action,
  given: Readonly<Record<string, string>>,
  workspace: string,
  onStep: (id: string | undefined, child: ChildProcess) => void = () => {},
): Promise<ActionRun> {
  const temp = await mkdtemp(join(workspace, 'runner-'));
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']);
  const inputs: Record<string, string> = { ...Object.fromEntries(defaults), ...given };
  const outputs: Record<string, string> = {};
  const outcomes: Record<string, number | null> = {};
  const summaryFile = join(temp, 'summary.md');
  let log = '';
  let failed = false;
  const fill = (text: string) =>
    text.replace(/\$\{\{ *(inputs|steps)\.([\w.-]+) *\}\}/g, (_, kind: string, name: string) => {
      return (kind === 'inputs' ? inputs[name] : outputs[name.replace('.outputs.', '.')]) ?? '';
    });
  for (const [i, { id, if: condition, shell, run, env = {} }] of action.runs.steps.entries()) {
    if (shell !== 'bash' || (failed && !condition?.includes('always()'))) continue;
    const [script, outputFile] = [join(temp, `${i}.sh`), join(temp, `${i}.output`)];
    await Promise.all([script, outputFile, summaryFile].map((file) => writeFile(file, '', { flag: 'a' })));
    await writeFile(script, run);
    const filled = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)]));
    const { PATH, HOME } = process.env;
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: workspace,
      env: {
        PATH,
        HOME,
        CI: 'true',
        GITHUB_ACTION_PATH: root,
        GITHUB_OUTPUT: outputFile,
        GITHUB_STEP_SUMMARY: summaryFile,
        RUNNER_TEMP: temp,
        ...filled,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        log += chunk;
      });
    onStep(id, child);
    await once(child, 'close');
    if (child.exitCode !== 0) failed = true;
    outcomes[id ?? ''] = child.exitCode;
    for (const row of (await readFile(outputFile, 'utf8')).split('\n')) {
      const at = row.indexOf('=');
      if (at > 0) outputs[`${id}.${row.slice(0, at)}`] = row.slice(at + 1);
    }
  }
  const shown = Object.entries(action.outputs).map(([name, { value }]) => [name, fill(value)]);
  return {
    code: outcomes.run ?? null,
    outputs: Object.fromEntries(shown),
    log,
    summary: await readFile(summaryFile, 'utf8'),
  };
}
