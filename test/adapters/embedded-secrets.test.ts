import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEmbeddedSecrets } from '../../lib/adapters/embedded-secrets.ts';

const secrets = () => createEmbeddedSecrets({ env: process.env, now: () => 0 });
const server = createServer((request, response) => {
  const isParameter = request.headers['x-amz-target'] === 'AmazonSSM.GetParameter';
  const answer = isParameter ? { Parameter: { Value: 'from ssm' } } : { SecretString: 'from secretsmanager' };
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
});

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/none');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/none');
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

describe('secrets of the embedded system', () => {
  it('are variables of the process, as they are now', async () => {
    const read = secrets();
    vi.stubEnv('EMBEDDED_SECRET', 'first');
    expect(await read.get('env:EMBEDDED_SECRET')).toBe('first');
    vi.stubEnv('EMBEDDED_SECRET', 'second');
    expect(await read.get('env:EMBEDDED_SECRET')).toBe('second');
    await expect(read.get('env:EMBEDDED_OTHER')).rejects.toMatchObject({ code: 'EXECUTOR_REFUSED' });
  });

  it('are those of AWS where region and credentials are at hand', async () => {
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    expect(await secrets().get('ssm:/proctor/token')).toBe('from ssm');
    expect(await secrets().get('secretsmanager:proctor/token')).toBe('from secretsmanager');
  });

  it.each([
    ['no region', { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }],
    ['no credentials', { AWS_REGION: 'eu-central-1' }],
  ])('are refused, saying what to set, where there are %s', async (_what, env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    for (const ref of ['ssm:/proctor/token', 'secretsmanager:proctor/token']) {
      await expect(secrets().get(ref)).rejects.toThrow(
        expect.objectContaining({ code: 'EXECUTOR_REFUSED', message: expect.stringContaining('AWS_REGION') as string }),
      );
    }
  });
});
