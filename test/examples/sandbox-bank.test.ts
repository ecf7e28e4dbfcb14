import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
// @ts-expect-error: the sample is plain JavaScript
import { connectToBank } from '../../examples/shop/tests/sandbox-bank.js';

test('the bank of the sample is woken by the first call of a run, whatever a run of the same number left long ago', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-bank-'));
  vi.stubEnv('TMPDIR', directory);
  vi.stubEnv('PROCTOR_CALLBACK_URL', 'http://localhost:4010/callbacks/7/1');
  vi.stubEnv('PROCTOR_RUN_ID', '7');
  vi.stubEnv('PROCTOR_ATTEMPT', '1');
  const left = join(directory, 'shop-bank-4010-7');
  await writeFile(left, '');
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(left, anHourAgo, anHourAgo);
  await expect(connectToBank().charge(90)).rejects.toThrow('503 from the bank');
  expect(await connectToBank().charge(90)).toBe('R-90');
  await rm(directory, { recursive: true });
});
