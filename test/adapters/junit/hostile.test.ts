import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReadOptions, readJUnit } from '../../../lib/adapters/junit/read-junit.ts';
import { isServiceError } from '../../../lib/core/errors.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';

const inCase = (inside: string) => `<testsuite><testcase name="t">${inside}</testcase></testsuite>`;

describe('readJUnit refuses, naming line and problem', () => {
  it.each([
    ['nothing', '', /line 1: document must contain a root element/],
    ['white space', ' \n\t ', /line 2: document must contain a root/],
    ['another root', '\n<html/>', /line 2: the root element is <html>/],
    ['text', 'FAIL cart.test.js', /line 1: text data outside of root node/],
    ['a truncated document', '<testsuite><testcase name="a"/>\n', /line 2: unclosed tag: testsuite/],
    ['a truncated tag', '<testsuite><testcase name="a', /line 1: unclosed tag/],
    ['mismatched tags', '<testsuite>\n<testcase name="a"></testsuite>', /line 2: unexpected close tag/],
    ['two roots', '<testsuite/><testsuite/>', /only one root/],
    ['duplicate attributes', '<testsuite><testcase name="a" name="b"/></testsuite>', /duplicate attribute: name/],
    ['an unknown entity', inCase('&secret;'), /undefined entity/],
    ['an unknown encoding', '<?xml version="1.0" encoding="ebcdic-x"?><testsuite/>', /line 1: unknown encoding/],
    ['a DTD', '<!DOCTYPE testsuite><testsuite/>', /<!DOCTYPE\) is refused/],
    ['an entity outside a DTD', inCase('<!ENTITY a "b">'), /incorrect syntax/],
    [
      'billion laughs',
      `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">${'<!ENTITY c "&b;&b;">'.repeat(10)}]>${inCase('&c;')}`,
      /<!DOCTYPE\) is refused/,
    ],
    [
      'quadratic blow-up',
      `<!DOCTYPE x [<!ENTITY a "${'x'.repeat(50_000)}">]>${inCase('&a;'.repeat(1_000))}`,
      /refused/,
    ],
    ['a file by entity', `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${inCase('&a;')}`, /refused/],
    ['a URL by entity', `<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/"> %a;]><testsuite/>`, /refused/],
    ['deep nesting', '<testsuite>'.repeat(50_000), /nested deeper than 100/],
    ['an element with endless attributes', `<testsuite ${manyAttributes(50_000)}/>`, /thousands of attributes/],
    ['an endless instruction', `<testsuite><?${'p'.repeat(200_000)} ?></testsuite>`, /processing instruction/],
  ])('%s', async (_, document, message) => {
    const refusal = await refusalOf(document);
    expect(refusal?.code).toBe('REPORT_UNREADABLE');
    expect(refusal?.message).toMatch(message);
    expect(refusal?.message.length).toBeLessThan(300);
  });

  it('what is larger or deeper than the caller allows', async () => {
    expect((await refusalOf(inCase(''), { maxBytes: 20 }))?.message).toContain('larger than 20 bytes');
    expect((await refusalOf('<testsuite><a><b/></a></testsuite>', { maxDepth: 2 }))?.message).toContain(
      'deeper than 2',
    );
  });
});

describe('readJUnit bears', () => {
  it.each([
    ['a huge attribute', `<testsuite><testcase name="${'a'.repeat(8_000_000)}"/></testsuite>`],
    ['an attribute of greater-than signs', `<testsuite><testcase name="${'>'.repeat(8_000_000)}"/></testsuite>`],
    ['an attribute of line feeds', `<testsuite><testcase name="${'\n'.repeat(8_000_000)}x"/></testsuite>`],
    ['an attribute of references', `<testsuite><testcase name="x${'&lt;'.repeat(2_000_000)}"/></testsuite>`],
    ['an attribute of illegal references', `<testsuite><testcase name="x${'&#1;'.repeat(2_000_000)}"/></testsuite>`],
    ['a huge CDATA section', inCase(`<failure><![CDATA[${'a'.repeat(8_000_000)}]]></failure>`)],
    ['a CDATA section of brackets', inCase(`<failure><![CDATA[${']a'.repeat(4_000_000)}]]></failure>`)],
    ['a text of carriage returns', inCase(`<failure>${'\r\n'.repeat(4_000_000)}</failure>`)],
    ['a comment of dashes', inCase(`<!--${'-a'.repeat(4_000_000)}-->`)],
    ['output that looks like markup', inCase(`<system-out><![CDATA[<!DOCTYPE html><!ENTITY x "y">]]></system-out>`)],
  ])('%s, in flat memory', async (_, document) => {
    const bytes = Buffer.from(document);
    const before = process.memoryUsage().heapUsed;
    const started = performance.now();
    const cases = await read(bytes);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(96 * 1024 * 1024);
    expect(cases).toHaveLength(1);
    expect(cases[0]?.name.length).toBeLessThanOrEqual(500);
  });

  it('names from the prototype of objects', async () => {
    const cases = await read(
      Buffer.from(
        `<testsuite name="__proto__" constructor="x"><testcase name="__proto__" __proto__="x" classname="constructor">` +
          `<__proto__/><constructor/></testcase></testsuite>`,
      ),
    );
    expect(cases).toEqual([
      { suite: '__proto__', className: 'constructor', name: '__proto__', result: 'passed', durationMs: 0 },
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('any bytes: cases or a refusal, never another error', async () => {
    const token = fc.constantFrom(
      ...['<testsuite>', '</testsuite>', '<testcase name="', '">', '"/>', '</testcase>', '<failure>', '</failure>'],
      ...[
        '<![CDATA[',
        ']]>',
        '<!--',
        '-->',
        '<?x ?>',
        '&#27;',
        '&amp;',
        '&',
        '<',
        '\u0000',
        '\ud800',
        'ü',
        '\r',
        ' time="',
      ],
    );
    const document = fc.oneof(
      fc.array(token, { maxLength: 30 }).map((tokens) => Buffer.from(`<testsuite>${tokens.join('')}`)),
      fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(document, async (bytes) => {
        await read(bytes).catch((error: unknown) => expect(isServiceError(error, 'REPORT_UNREADABLE')).toBe(true));
      }),
      { numRuns: 400 },
    );
  });
});

function manyAttributes(count: number): string {
  return Array.from({ length: count }, (_, i) => `a${i}=""`).join(' ');
}

async function refusalOf(document: string, options?: ReadOptions) {
  const error = await read(Buffer.from(document), options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isServiceError(error) ? error : undefined;
}

async function read(bytes: Buffer, options?: ReadOptions): Promise<ReportedCase[]> {
  const cases = [];
  for await (const batch of readJUnit([bytes], options)) cases.push(...batch);
  return cases;
}
