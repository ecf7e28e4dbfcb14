import { isServiceError } from '../../core/errors.ts';

/** One line of the doctor's. `unknown`: the key may not see it, or the server does not tell. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'unknown' | 'warn' | 'problem';
  readonly message: string;
  /** What to do. */
  readonly fix?: string;
  /** The problem is the key's, or that there is none. */
  readonly auth?: true;
}

export function ok(name: string, message: string): Check {
  return { name, state: 'ok', message };
}

export function warn(name: string, message: string, fix: string): Check {
  return { name, state: 'warn', message, fix };
}

export function problem(name: string, message: string, fix: string): Check {
  return { name, state: 'problem', message, fix };
}

/** What looking found; a look that is refused is a check of its own, never the end of the others. */
export async function look(name: string, find: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await find();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    if (error.code === 'FORBIDDEN' || error.code === 'NOT_FOUND')
      return [{ name, state: 'unknown', message: error.message }];
    return [problem(name, error.message, 'run proctor doctor again; the log of the server says more')];
  }
}
