import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecrets, type SecretReader } from '../../lib/adapters/secrets.ts';
import { splitReference } from '../../lib/core/secret-reference.ts';

const refusal = (code: string, ref: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(ref) as string });

describe('secrets', () => {
  it('come from the store their reference names, by their name there', async () => {
    const from =
      (store: string): SecretReader =>
      async (name) =>
        `${store} ${name}`;
    const readers = { env: from('env'), ssm: from('ssm'), secretsmanager: from('secretsmanager') };
    const secrets = createSecrets({ readers, now: () => 0 });
    expect(await secrets.get('env:TOKEN')).toBe('env TOKEN');
    expect(await secrets.get('ssm:/proctor/ci/github.token')).toBe('ssm /proctor/ci/github.token');
    expect(await secrets.get('secretsmanager:proctor/a')).toBe('secretsmanager proctor/a');
  });

  it.each(['ssm:/proctor/a', 'secretsmanager:proctor/a'])(
    'behind %s are read once within five minutes',
    async (ref) => {
      let reads = 0;
      let now = 0;
      const read = async () => `value ${++reads}`;
      const secrets = createSecrets({ readers: { ssm: read, secretsmanager: read }, now: () => now });
      expect(await secrets.get(ref)).toBe('value 1');
      now = 299_999;
      expect(await secrets.get(ref)).toBe('value 1');
      now = 300_000;
      expect(await secrets.get(ref)).toBe('value 2');
    },
  );

  it('that were missing or could not be read are looked for again at once', async () => {
    const answers: (() => string | undefined)[] = [
      () => undefined,
      () => '',
      () => {
        throw new Error('AccessDenied canary');
      },
      () => 'there now',
    ];
    const secrets = createSecrets({ readers: { ssm: async () => answers.shift()?.() }, now: () => 0 });
    const ref = 'ssm:/proctor/a';
    await expect(secrets.get(ref)).rejects.toThrow(refusal('EXECUTOR_REFUSED', ref));
    await expect(secrets.get(ref)).rejects.toThrow(refusal('EXECUTOR_REFUSED', ref));
    await expect(secrets.get(ref)).rejects.toThrow(refusal('EXECUTOR_UNAVAILABLE', ref));
    expect(await secrets.get(ref)).toBe('there now');
  });

  it.each([
    'env:AWS_SECRET_ACCESS_KEY',
    'file:/etc/passwd',
    'whsec_aW5saW5lIHNlY3JldCBvZiBhIHBsYW4gaGVyZQ==',
    'ssm:',
    'ssm:proctor/a',
    'ssm:/proctor',
    'ssm:/proctor/',
    'ssm:/proctor//a',
    'ssm:/proctor/a/',
    'ssm:/proctorx/a',
    'ssm:/other/a',
    'ssm:/aws/reference/secretsmanager/ProctorMasterKey',
    'ssm:arn:aws:ssm:eu-central-1:1:parameter/proctor/a',
    `ssm:/proctor/${'a'.repeat(500)}`,
    'ssm:/proctor/a:3',
    'ssm:/proctor/a\n',
    'secretsmanager:x',
    'secretsmanager:proctor/',
    'secretsmanager:arn:aws:secretsmanager:eu-central-1:1:secret:ProctorMasterKey-x',
    'secretsmanager:../proctor/x',
    'constructor:x',
  ])('are refused without a look on AWS: %j', async (ref) => {
    const asked: string[] = [];
    const read = async (name: string) => {
      asked.push(name);
      return 'hidden';
    };
    const secrets = createSecrets({ readers: { ssm: read, secretsmanager: read }, now: () => 0 });
    await expect(secrets.get(ref)).rejects.toMatchObject({ code: 'EXECUTOR_REFUSED' });
    expect(asked).toEqual([]);
  });

  it('are never outside of what is set apart for plans, whatever the reference', () => {
    const part = fc.constantFrom(
      'ssm:',
      'secretsmanager:',
      '/',
      'proctor',
      '/proctor/',
      '..',
      'a',
      ':',
      '%2f',
      '\0',
      'é',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const split = splitReference(parts.join(''));
        if (split !== undefined) expect(split.name).toMatch(/^\/?proctor\/./);
      }),
    );
  });
});
