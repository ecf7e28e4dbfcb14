import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeScriptWords, readBody, readJson } from '../../lib/http/json.ts';

const read = (text: string | Uint8Array, keepDigits: string[] = []) =>
  readJson({ body: typeof text === 'string' ? Buffer.from(text) : text }, { keepDigits });

describe('readJson', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        let value: unknown;
        try {
          value = read(text);
        } catch {
          // Generated objects may repeat a key only through `__proto__` and its like.
          expect(text).toMatch(/__proto__|constructor|prototype/);
          return;
        }
        expect(value).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  test.each(['', ' \r\n\t', '\ufeff'])('nothing is undefined: %j', (text) => expect(read(text)).toBeUndefined());

  test('a byte order mark and any value at the top are fine', () => {
    expect(read('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(read(' null ')).toBeNull();
    expect(read('"a:\\"b"')).toBe('a:"b');
  });

  test.each([
    '{',
    '{"a"}',
    '{"a":1,}',
    "{'a':1}",
    '{"buildNo":v1.2}',
    '{"a":"b" c"}',
    '[1 2]',
    '{"a":NaN}',
    '{"a":01}',
    '{"a":"\t"}',
    '{"a":1}{"b":2}',
    '//x\n{}',
    '"\\x"',
    '\0',
    ']'.repeat(40),
    '"',
    '"\\',
    '{"a":1,"a":2}',
    '{"x":[{"a":1,"b":{"a":1},"a":2}]}',
    '{"a":1,"\\u0061":2}',
    '{"a" :1,"a"\n:2}',
    '{"__proto__":{"admin":true}}',
    '{"a":{"\\u005f_proto__":1}}',
    '{"constructor":{"prototype":{}}}',
    '{"prototype":1}',
  ])('refuses %j', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_JSON' }));
  });

  test.each([[[0xff, 0xfe, 0x7b, 0x7d]], [[0x22, 0xc0, 0xaf, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]]])(
    'refuses bytes that are not UTF-8: %j',
    (bytes) => expect(() => read(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: 'INVALID_JSON' })),
  );

  test('takes 32 levels and refuses 33, and brackets in strings do not count', () => {
    expect(read(`${'['.repeat(32)}${']'.repeat(32)}`)).toBeDefined();
    expect(() => read(`${'['.repeat(33)}${']'.repeat(33)}`)).toThrow(/32 levels/);
    expect(read(JSON.stringify('[{'.repeat(1000)))).toBe('[{'.repeat(1000));
    expect(read(JSON.stringify({ a: `\\"${'['.repeat(100)}` }))).toBeDefined();
  });

  test('refuses 100,000 levels at once', () => {
    const body = Buffer.from('{"a":'.repeat(100_000));
    const start = performance.now();
    expect(() => read(body)).toThrow(/32 levels/);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('needs linear time for the worst of 9 MB', () => {
    const hostile = [`"${'\\"'.repeat(4_000_000)}"`, `[${'"" ,'.repeat(2_000_000)}""]`, `"a"${' '.repeat(9_000_000)}`];
    for (const text of hostile) {
      const start = performance.now();
      read(text);
      expect(performance.now() - start).toBeLessThan(3_000);
    }
  });

  test('never quotes the body in its refusal', () => {
    for (const text of [
      '{"token":"hunter2" x}',
      '{"a":hunter2}',
      'hunter2',
      '["hunter2",,]',
      '{"hunter2":1,"hunter2":',
    ]) {
      expect(() => read(text)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }));
    }
  });

  test('keeps the digits of the named numbers at the top, and of no others', () => {
    const text =
      '{ "b":{"buildNo":1e3}, "buildNo" : 202611230815001234567 ,"other":9007199254740993,"list":[{"buildNo":7}]}';
    expect(read(text, ['buildNo'])).toEqual({
      b: { buildNo: 1000 },
      buildNo: '202611230815001234567',
      other: 9007199254740992,
      list: [{ buildNo: 7 }],
    });
    expect(read('{"buildNo":-1.50e+3}', ['buildNo'])).toEqual({ buildNo: '-1.50e+3' });
    expect(read('{"build\\u004eo":12}', ['buildNo'])).toEqual({ buildNo: '12' });
    for (const value of ['"007"', 'null', 'true', '[1]', '{"a":1}']) {
      expect(read(`{"buildNo":${value}}`, ['buildNo'])).toEqual({ buildNo: JSON.parse(value) });
    }
    expect(read('["buildNo",1]', ['buildNo'])).toEqual(['buildNo', 1]);
  });
});

describe('readBody', () => {
  const gzipped = (body: Uint8Array, encoding = 'gzip') =>
    readBody({ body, headers: { 'content-encoding': encoding } });
  const text = Buffer.from('<testsuite name="a"/>'.repeat(5));

  test('hands over plain bodies and unpacks gzip', async () => {
    expect(await readBody({ body: text, headers: {} })).toBe(text);
    expect(await gzipped(text, ' Identity ')).toBe(text);
    for (const encoding of ['gzip', 'GZIP', 'x-gzip']) expect(await gzipped(gzipSync(text), encoding)).toEqual(text);
    expect(await gzipped(gzipSync(''))).toHaveLength(0);
  });

  test('refuses bombs by ratio and by size', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
    await expect(gzipped(bomb)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
    const headers = { 'content-encoding': 'gzip' };
    await expect(readBody({ body: gzipSync(text), headers }, { maxBytes: 104 })).rejects.toMatchObject({
      code: 'BODY_TOO_LARGE',
    });
    await expect(readBody({ body: gzipSync(text), headers }, { maxBytes: 105 })).resolves.toHaveLength(105);
  });

  test('refuses what is no gzip, is cut off, or is packed otherwise', async () => {
    const whole = gzipSync(text);
    for (const body of [Buffer.from('<xml/>'), whole.subarray(0, -5), new Uint8Array()]) {
      await expect(gzipped(body)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    }
    for (const encoding of ['br', 'gzip, gzip', 'deflate']) {
      await expect(gzipped(whole, encoding)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    }
  });
});

describe('escapeScriptWords', () => {
  test('a parser sees the same, a script finds no marker', () => {
    const words = fc.constantFrom(
      'id',
      'status',
      'result',
      'HTTPSTATUS:',
      'x',
      '"id"',
      ':"id"',
      '\\',
      ',',
      '["status"]',
      ':',
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(words, fc.array(tie('any'), { maxLength: 4 }), fc.dictionary(words, tie('any'), { maxKeys: 4 })),
    })).any;
    fc.assert(
      fc.property(fc.array(value), (given) => {
        const text = escapeScriptWords(JSON.stringify(given));
        expect(JSON.parse(text)).toEqual(given);
        expect(text).not.toContain('HTTPSTATUS:');
        // As a key it stands before a colon.
        expect(text).not.toMatch(/(?<!\\)"(id|status|result)"(?!:)/);
      }),
      { numRuns: 500 },
    );
  });
});
