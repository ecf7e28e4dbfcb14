import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a process cost from its start to its first answer, in milliseconds. */
export interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export interface Call {
  /** Absent: bare Node. */
  readonly bundle?: string;
  readonly event?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** One call in a process of its own, which has nothing of this repository in reach. */
export async function startCold({ bundle, event, env = {} }: Call): Promise<Cost & { readonly answer: unknown }> {
  const probe = join(import.meta.dirname, 'probe.cjs');
  const given = bundle === undefined ? [] : [bundle, JSON.stringify(event)];
  // The SDK's warning of old versions of Node is no part of a function.
  const quiet = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  const { stdout } = await promisify(execFile)(process.execPath, [probe, ...given], {
    cwd: tmpdir(),
    env: { ...quiet, ...env },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
