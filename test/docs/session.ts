import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Block } from './blocks.ts';

/** A command of a document, and what the document shows of its output. */
export interface Step {
  readonly place: string;
  readonly command: string;
  /** Undefined where the document shows none: a block without `$`. */
  readonly shown: string | undefined;
}

export interface Outcome {
  readonly step: Step;
  readonly code: number;
  readonly output: string;
}

/** The commands of a block: its lines, or, where it shows output, those that begin with `$ `. */
export function stepsOf({ document, line, text }: Block): Step[] {
  const lines = text.split('\n');
  const shows = lines.some((one) => one.startsWith('$ '));
  const steps: { place: string; command: string; shown: string[] | undefined }[] = [];
  let open: { place: string; command: string } | undefined;
  lines.forEach((one, i) => {
    if (open === undefined && shows && !one.startsWith('$ ')) {
      steps.at(-1)?.shown?.push(one);
      return;
    }
    const words = open === undefined && shows ? one.slice(2) : one;
    open ??= { place: `${document}:${line + i}`, command: '' };
    open.command += (open.command === '' ? '' : '\n') + words;
    if (goesOn(open.command)) return;
    // A remark alone is no command.
    if (!/^\s*(?:#.*)?$/.test(open.command)) steps.push({ ...open, shown: shows ? [] : undefined });
    open = undefined;
  });
  if (open !== undefined) throw new Error(`${document}:${line}: a command is not finished`);
  return steps.map(({ shown, ...step }) => ({ ...step, shown: shown?.join('\n') }));
}

/** Runs the commands in one shell, one after another, whatever becomes of each. */
export async function runSteps(steps: readonly Step[], cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome[]> {
  // Between the commands a line no command prints, with the exit code, which the next one finds in $? as people would.
  const mark = randomUUID();
  const tell = `__code=$?; printf '%s %s\\n' ${mark} "$__code"; (exit "$__code")`;
  const script = ['exec 2>&1', ...steps.flatMap(({ command }) => [command, tell])].join('\n');
  const shell = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  shell.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  await once(shell, 'close');
  const [first = '', ...rest] = printed.split(mark);
  const outputs = [first, ...rest.map((text) => text.slice(text.indexOf('\n') + 1))];
  const codes = rest.map((text) => Number.parseInt(text, 10));
  return steps.map((step, i) => ({ step, output: outputs[i] ?? '', code: codes[i] ?? 127 }));
}

/** The output as the document shows it: `…` is any text of a line, and alone in a line any lines. */
export function toPattern(shown: string): RegExp {
  const lines = shown
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${line.trimEnd().split('…').map(literal).join('.*')} *\\n`));
  return new RegExp(`^${lines.join('')}$`);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** True while a quote is open or the last line ends with a backslash. */
function goesOn(command: string): boolean {
  let quote: string | undefined;
  for (let i = 0; i < command.length; i++) {
    const at = command[i] ?? '';
    if (at === '\\' && quote !== "'") {
      if (i === command.length - 1) return true;
      i += 1;
    } else if (quote !== undefined) {
      if (at === quote) quote = undefined;
    } else if (at === "'" || at === '"') quote = at;
    else if (at === '#' && /(?:^|\s)$/.test(command.slice(0, i))) {
      const end = command.indexOf('\n', i);
      if (end === -1) return false;
      i = end;
    }
  }
  return quote !== undefined;
}
