import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalOptions, type LocalSystem, startLocal } from '../../lib/local.ts';

export interface Called<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON, if it is some. */
  readonly body: T;
}

/** The embedded system in this process, driven over HTTP as clients do, in a directory of its own. */
export interface TestSystem {
  readonly system: LocalSystem;
  readonly directory: string;
  call<T>(path: string, init?: RequestInit & { readonly key?: string }): Promise<Called<T>>;
  post<T>(path: string, body: unknown, headers?: Record<string, string>): Promise<Called<T>>;
  /** The native run once it is completed. */
  completed(runId: number): Promise<NativeRun>;
  close(): Promise<void>;
}

export interface NativeRun {
  readonly id: number;
  readonly status: string;
  readonly result: string;
  readonly reason: string;
  readonly explanation: string;
  readonly attempt: number;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly counts: Record<string, number>;
}

export async function startTestSystem(
  options: Partial<Pick<LocalOptions, 'publicUrl' | 'testinium'>> = {},
): Promise<TestSystem> {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-test-'));
  const dataDirectory = join(directory, 'data');
  const system = await startLocal({ host: '127.0.0.1', port: 0, dataDirectory, ...options });

  const call: TestSystem['call'] = async <T>(path: string, init: RequestInit & { readonly key?: string } = {}) => {
    const headers = { authorization: `Bearer ${init.key ?? system.adminKey.token}`, ...init.headers };
    const response = await fetch(`${system.url}${path}`, { ...init, headers });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : undefined) as T,
    };
  };

  return {
    system,
    directory,
    call,
    post: (path, body, headers) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return call(path, { method: 'POST', body: text, ...(headers === undefined ? {} : { headers }) });
    },
    async completed(runId) {
      for (let tries = 0; tries < 1600; tries++) {
        const { body } = await call<NativeRun>(`/v1/runs/${runId}`);
        if (body.status === 'completed') return body;
        await sleep(50);
      }
      throw new Error(`run ${runId} was not completed in time`);
    },
    async close() {
      await system.close();
      // A command that was stopped may still be writing.
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
