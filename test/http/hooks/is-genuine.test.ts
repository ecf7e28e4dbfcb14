import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook } from '../../../lib/adapters/webhook-signature.ts';
import type { HookScheme } from '../../../lib/core/hook.ts';
import { isGenuine } from '../../../lib/http/hooks/is-genuine.ts';

const at = 1_614_265_330;
const check = (
  scheme: HookScheme,
  headers: Readonly<Record<string, string | undefined>>,
  body: string | Uint8Array,
  secrets: readonly string[],
  now = at * 1000,
) => isGenuine(scheme, { headers, body: Buffer.from(body) }, secrets, verifyWebhook, now);

/** docs.github.com, "Validating webhook deliveries: testing the webhook payload validation". */
const github = {
  secret: "It's a Secret to Everybody",
  body: 'Hello, World!',
  signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b04e17',
};
/** github.com/standard-webhooks, the vector of its libraries' tests. */
const standard = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  body: '{"test": 2432232314}',
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': String(at),
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
};
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const whpk = `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`;
const signedBy = (id: string, timestamp: string, body: string) =>
  `v1a,${sign(null, Buffer.from(`${id}.${timestamp}.${body}`), privateKey).toString('base64')}`;
const asymmetric = {
  'webhook-id': 'msg_1',
  'webhook-timestamp': String(at),
  'webhook-signature': signedBy('msg_1', String(at), 'hi'),
};

describe('a call of a hook is genuine', () => {
  it('by the published example of GitHub', () => {
    const hex = createHmac('sha256', github.secret).update(github.body).digest('hex');
    // The page prints 64 digits that begin and end like this.
    expect(hex).toMatch(/^757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17$/);
    expect(check('github', { 'x-hub-signature-256': `sha256=${hex}` }, github.body, [github.secret])).toBe(true);
  });

  it('by the published vector of Standard Webhooks, for any sender of them and for GitLab', () => {
    expect(check('standard', standard.headers, standard.body, [standard.secret])).toBe(true);
    expect(check('gitlab', standard.headers, standard.body, [standard.secret])).toBe(true);
  });

  it('by a v1a signature of the sender’s key', () => {
    expect(check('standard', asymmetric, 'hi', [whpk])).toBe(true);
  });

  it('by the token of older GitLabs, and by the header Bitbucket puts its SHA-256 in', () => {
    expect(check('gitlab-token', { 'x-gitlab-token': 'a-plain-token-1234' }, '{}', ['a-plain-token-1234'])).toBe(true);
    const hex = createHmac('sha256', 'bitbucket secret').update('{}').digest('hex');
    expect(check('bitbucket', { 'x-hub-signature': `sha256=${hex}` }, '{}', ['bitbucket secret'])).toBe(true);
  });

  it('by the old secret and the new one while they change over', () => {
    const hex = createHmac('sha256', 'the old secret').update('{}').digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${hex}` };
    expect(check('github', headers, '{}', ['the new secret', 'the old secret'])).toBe(true);
    expect(check('github', headers, '{}', ['the new secret'])).toBe(false);
  });

  it('over the bytes as sent, also those that are no text', () => {
    const bytes = new Uint8Array([0xff, 0xfe, 0x00, 0x0a]);
    const hex = createHmac('sha256', 'secret of bytes!').update(bytes).digest('hex');
    expect(check('github', { 'x-hub-signature-256': `sha256=${hex}` }, bytes, ['secret of bytes!'])).toBe(true);
  });
});

describe('a call of a hook is forged', () => {
  const hex = createHmac('sha256', github.secret).update(github.body).digest('hex');
  const good = { 'x-hub-signature-256': `sha256=${hex}` };
  it.each<[string, HookScheme, Readonly<Record<string, string | undefined>>, string, string[]]>([
    ['no header', 'github', {}, github.body, [github.secret]],
    ['another secret', 'github', good, github.body, ['another']],
    ['no secret', 'github', good, github.body, []],
    ['another body', 'github', good, 'Hello, World?', [github.secret]],
    ['an empty body', 'github', good, '', [github.secret]],
    ['no prefix', 'github', { 'x-hub-signature-256': hex }, github.body, [github.secret]],
    [
      'capital digits',
      'github',
      { 'x-hub-signature-256': `sha256=${hex.toUpperCase()}` },
      github.body,
      [github.secret],
    ],
    [
      'a signature cut short',
      'github',
      { 'x-hub-signature-256': `sha256=${hex.slice(2)}` },
      github.body,
      [github.secret],
    ],
    [
      'two signatures',
      'github',
      { 'x-hub-signature-256': `sha256=${hex}, sha256=${hex}` },
      github.body,
      [github.secret],
    ],
    [
      'SHA-1 for GitHub',
      'github',
      { 'x-hub-signature': `sha1=${createHmac('sha1', github.secret).update(github.body).digest('hex')}` },
      github.body,
      [github.secret],
    ],
    ['Bitbucket’s header for GitHub', 'github', { 'x-hub-signature': `sha256=${hex}` }, github.body, [github.secret]],
    ['GitHub’s header for Bitbucket', 'bitbucket', good, github.body, [github.secret]],
    ['an empty token', 'gitlab-token', { 'x-gitlab-token': '' }, '{}', ['']],
    ['a token that only begins right', 'gitlab-token', { 'x-gitlab-token': 'abc' }, '{}', ['abcd']],
    ['a signature for a token', 'gitlab-token', good, github.body, [github.secret]],
    ['a token for a signing GitLab', 'gitlab', { 'x-gitlab-token': standard.secret }, standard.body, [standard.secret]],
    ['no id', 'standard', { ...standard.headers, 'webhook-id': undefined }, standard.body, [standard.secret]],
    ['another id', 'standard', { ...standard.headers, 'webhook-id': 'msg_2' }, standard.body, [standard.secret]],
    ['an id with a dot', 'standard', { ...standard.headers, 'webhook-id': 'msg.2' }, standard.body, [standard.secret]],
    ['no timestamp', 'standard', { ...standard.headers, 'webhook-timestamp': '' }, standard.body, [standard.secret]],
    [
      'a timestamp with letters',
      'standard',
      { ...standard.headers, 'webhook-timestamp': `${at}abc` },
      standard.body,
      [standard.secret],
    ],
    [
      'a fraction',
      'standard',
      { ...standard.headers, 'webhook-timestamp': `${at}.5` },
      standard.body,
      [standard.secret],
    ],
    [
      'a negative time',
      'standard',
      { ...standard.headers, 'webhook-timestamp': `-${at}` },
      standard.body,
      [standard.secret],
    ],
    [
      'an unknown version',
      'standard',
      { ...standard.headers, 'webhook-signature': standard.headers['webhook-signature'].replace('v1', 'v2') },
      standard.body,
      [standard.secret],
    ],
    ['no base64', 'standard', { ...standard.headers, 'webhook-signature': 'v1,%%%' }, standard.body, [standard.secret]],
    ['another key', 'standard', asymmetric, 'hi', [`whpk_${Buffer.alloc(32, 7).toString('base64')}`]],
    ['v1a over another body', 'standard', asymmetric, 'ho', [whpk]],
    [
      'v1a cut short',
      'standard',
      { ...asymmetric, 'webhook-signature': asymmetric['webhook-signature'].slice(0, -4) },
      'hi',
      [whpk],
    ],
  ])('with %s', (_what, scheme, headers, body, secrets) => {
    expect(check(scheme, headers, body, secrets)).toBe(false);
  });

  it.each([-301, 301])('%i seconds away from now, whatever its signature', (seconds) => {
    const now = (at + seconds) * 1000;
    expect(check('standard', standard.headers, standard.body, [standard.secret], now)).toBe(false);
    expect(check('standard', asymmetric, 'hi', [whpk], now)).toBe(false);
    expect(check('standard', standard.headers, standard.body, [standard.secret], now - Math.sign(seconds) * 1000)).toBe(
      true,
    );
  });

  it('with one bit flipped anywhere in its body, signature, id or time', () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const flips = Number(process.env.FLIPS ?? 10_000);
    const body = Buffer.from('{"type":"deployment.finished","data":{"branch":"main"}}');
    const headers = {
      'webhook-id': 'msg_flip',
      'webhook-timestamp': String(at),
      'webhook-signature': signWebhook({ id: 'msg_flip', timestampSeconds: at, body, secrets: [secret] }),
    };
    const hub = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    expect(check('standard', headers, body, [secret])).toBe(true);
    expect(check('github', { 'x-hub-signature-256': hub }, body, [secret])).toBe(true);
    let accepted = 0;
    const flip = (bytes: Uint8Array, bit: number): Buffer => {
      const flipped = Buffer.from(bytes);
      const byte = Math.floor(bit / 8) % flipped.length;
      flipped[byte] = (flipped[byte] ?? 0) ^ (1 << (bit % 8));
      return flipped;
    };
    for (let i = 0; i < flips; i++) {
      const bit = (i * 2_654_435_761) % 4096;
      const part = i % 5;
      const text = (name: keyof typeof headers) => flip(Buffer.from(headers[name]), bit).toString('latin1');
      if (part === 0) accepted += Number(check('standard', headers, flip(body, bit), [secret]));
      if (part === 1) accepted += Number(check('github', { 'x-hub-signature-256': hub }, flip(body, bit), [secret]));
      if (part === 2) {
        const flipped = flip(Buffer.from(hub), bit).toString('latin1');
        accepted += Number(check('github', { 'x-hub-signature-256': flipped }, body, [secret]));
      }
      if (part === 3) {
        const name = (['webhook-id', 'webhook-timestamp'] as const)[i % 2] ?? 'webhook-id';
        accepted += Number(check('standard', { ...headers, [name]: text(name) }, body, [secret]));
      }
      if (part === 4)
        accepted += Number(
          check('standard', { ...headers, 'webhook-signature': text('webhook-signature') }, body, [secret]),
        );
    }
    expect(accepted).toBe(0);
  });

  it('whatever the headers hold, and never an exception', () => {
    const header = fc.option(fc.string({ maxLength: 200 }), { nil: undefined });
    const names = [
      'x-hub-signature-256',
      'x-hub-signature',
      'x-gitlab-token',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ];
    const scheme = fc.constantFrom<HookScheme>('github', 'gitlab', 'gitlab-token', 'bitbucket', 'standard');
    fc.assert(
      fc.property(
        scheme,
        fc.tuple(...names.map(() => header)),
        fc.uint8Array({ maxLength: 50 }),
        (which, values, body) => {
          const headers = Object.fromEntries(names.map((name, i) => [name, values[i]]));
          expect(check(which, headers, body, ['a secret nobody guesses', standard.secret, whpk])).toBe(false);
        },
      ),
    );
  });
});
