import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What an invocation took of its process. */
export interface Used {
  /** On the clock, without `initMs`: loading the bundle, 0 but for a process's first invocation. */
  readonly ms: number;
  readonly cpuMs: number;
  readonly initMs: number;
}

export interface DeployedFunction {
  /** Calls the handler with the event as JSON carries it. Rejects with what it threw, by name. */
  invoke(event: unknown): Promise<{ readonly answer: unknown; readonly used: Used }>;
  /** What its processes wrote, a line each. */
  readonly lines: string[];
  close(): void;
}

interface FunctionOptions {
  /** The shipped file. */
  readonly bundle: string;
  /** All its processes know. */
  readonly env: Readonly<Record<string, string>>;
  /** Ports on loopback of the hosts there are. */
  readonly internet: Readonly<Record<string, number>>;
  /** Its clock, when it is not the real one. */
  readonly now?: () => number;
}

interface Answer {
  readonly answer?: unknown;
  readonly used: Used;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
}

/** A function as Lambda runs it: each process has one invocation at a time, and another one is started when all are busy. */
export function createFunction(options: FunctionOptions): DeployedFunction {
  const lines: string[] = [];
  const idle: ChildProcess[] = [];
  const all: ChildProcess[] = [];

  const start = (): ChildProcess => {
    const child = startProcess(options, lines);
    all.push(child);
    return child;
  };

  return {
    lines,
    async invoke(event) {
      const child = idle.pop() ?? start();
      const { answer, used, error } = await call(child, event, options.now?.());
      idle.push(child);
      if (error === undefined) return { answer, used };
      throw Object.assign(new Error(error.message), { name: error.name, stack: error.stack });
    },
    close() {
      for (const child of all) child.kill('SIGKILL');
    },
  };
}

function startProcess({ bundle, env, internet }: FunctionOptions, lines: string[]): ChildProcess {
  const runtime = join(import.meta.dirname, 'lambda-runtime.cjs');
  const child = fork(runtime, [JSON.stringify({ bundle, internet })], {
    cwd: tmpdir(),
    env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  let rest = '';
  child.stdout?.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return child;
}

function call(child: ChildProcess, event: unknown, now: number | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the process of the function ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer: Answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
    child.send({ event: JSON.parse(JSON.stringify(event)), context: { awsRequestId: randomUUID() }, now });
  });
}
