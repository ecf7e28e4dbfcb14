import { afterAll, vi } from 'vitest';

/** What a file stubbed is not for the next one, which may run in the same process. */
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
