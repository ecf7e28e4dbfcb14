import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDurationMs } from '../../../lib/adapters/junit/case-collector.ts';
import { type ReadOptions, readJUnit } from '../../../lib/adapters/junit/read-junit.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';

describe('readJUnit reads what reporters write', () => {
  it('node:test, with describe blocks and subtests as suites', async () => {
    expect(summary(await readFixture('node-test.xml'))).toEqual([
      'passed | Cart | test | adds an item',
      'failed | Cart | test | removes an item',
      'skipped | Cart | test | merges two carts',
      'passed | Cart › totals | test | sums up',
      'failed | Cart › totals | test | rounds [31mred',
      'passed | checkout | test | pays by card',
      'failed | checkout | test | pays by voucher',
      'passed |  | test | prints receipt',
    ]);
  });

  it('node:test with a name pattern: the same names, and nothing about the tests left out', async () => {
    const names = (cases: ReportedCase[]) => cases.map(({ suite, className, name }) => [suite, className, name]);
    const filtered = await readFixture('node-test-filtered.xml');
    expect(summary(filtered)).toEqual([
      'passed | Cart › totals | test | sums up',
      'passed | checkout | test | pays by card',
      'failed | checkout | test | pays by voucher',
    ]);
    expect(names(await readFixture('node-test.xml'))).toEqual(expect.arrayContaining(names(filtered)));
  });

  it('vitest', async () => {
    const cases = await readFixture('vitest.xml');
    expect(summary(cases)).toEqual([
      'passed | cart.test.ts | cart.test.ts | Cart > adds an item',
      'failed | cart.test.ts | cart.test.ts | Cart > removes an item',
      'skipped | cart.test.ts | cart.test.ts | Cart > merges two carts',
      'skipped | cart.test.ts | cart.test.ts | Cart > empties',
      'passed | cart.test.ts | cart.test.ts | Cart > is flaky',
      'passed | cart.test.ts | cart.test.ts | Cart > totals > sums up',
    ]);
    expect(cases[1]).toMatchObject({ message: "expected 'a' to be 'b' // Object.is equality", durationMs: 6 });
  });

  it('jest-junit, with several failures of one case and a suite that did not load', async () => {
    const cases = await readFixture('jest-junit.xml');
    expect(cases.map(({ result }) => result)).toEqual(['passed', 'failed', 'skipped', 'passed', 'errored']);
    expect(cases[1]).toMatchObject({
      file: 'src/cart.test.js',
      message: 'Error: expect(received).toBe(expected) // Object.is equality',
      details: expect.stringContaining('Received: 1'),
    });
    expect(cases[4]?.message).toBe('SyntaxError: Unexpected token (3:1)');
  });

  it('Playwright, where a pass in one browser does not hide the failure in another', async () => {
    const cases = await readFixture('playwright.xml');
    expect(summary(cases)).toEqual([
      'failed | [chromium] › cart.spec.ts | cart.spec.ts | Cart › removes an item',
      'passed | [chromium] › cart.spec.ts | cart.spec.ts | Cart › adds an item',
      'skipped | [chromium] › cart.spec.ts | cart.spec.ts | Cart › empties',
      'passed | [firefox] › cart.spec.ts | cart.spec.ts | Cart › removes an item',
    ]);
    expect(cases[0]?.details).toContain('toBeVisible() failed');
    expect(cases[1]?.message).toBe('Timeout 30000ms exceeded.');
  });

  it('pytest, where a case that fails in call and teardown comes twice', async () => {
    const cases = await readFixture('pytest.xml');
    expect(cases.filter(({ name }) => name === 'test_both').map(({ result }) => result)).toEqual(['failed', 'errored']);
    expect(cases.find(({ name }) => name === 'test_removes')?.message).toBe('AssertionError: red');
    expect(cases.map(({ result }) => result).filter((result) => result === 'skipped')).toHaveLength(2);
    expect(cases).toHaveLength(11);
  });

  it('Surefire, where flaky cases passed and rerun ones did not', async () => {
    const cases = await readFixture('surefire.xml');
    expect(summary(cases)).toEqual([
      'passed | shop.CartTest | shop.CartTest | addsItem',
      'passed | shop.CartTest | shop.CartTest | removesItem',
      'failed | shop.CartTest | shop.CartTest | sumsUp',
      'errored | shop.CartTest | shop.CartTest | connects',
      'skipped | shop.CartTest | shop.CartTest | later',
    ]);
    expect(cases[0]?.durationMs).toBe(1_230_021);
    expect(cases[2]?.message).toBe('expected: <90> but was: <100>');
    expect(cases[2]?.details).not.toMatch(/second|third|not a result/);
    expect(cases[3]?.message).toBe('java.net.ConnectException: refused');
  });

  it('gotestsum', async () => {
    const cases = await readFixture('gotestsum.xml');
    expect(cases.map(({ result }) => result)).toEqual(['passed', 'failed', 'skipped', 'failed']);
    expect(cases[2]?.message).toBe('=== RUN   TestLater');
    expect(cases[3]?.details).toBe('FAIL\texample.com/shop/pay [build failed]');
  });
});

describe('readJUnit is tolerant', () => {
  it.each([
    ['a BOM', Buffer.from(`\ufeff${declared('UTF-8')}`)],
    ['UTF-16 LE', Buffer.from(`\ufeff${declared('UTF-16')}`, 'utf16le')],
    ['UTF-16 BE', Buffer.from(`\ufeff${declared('UTF-16')}`, 'utf16le').swap16()],
    ['UTF-16 without BOM', Buffer.from(declared('UTF-16'), 'utf16le')],
    ['UTF-8 that says UTF-16', Buffer.from(declared('utf-16'))],
    ['Latin-1', Buffer.from(declared('ISO-8859-1').replace('…', ''), 'latin1')],
    ['XML 1.1', Buffer.from(declared('UTF-8').replace('1.0', '1.1'))],
    ['blank lines before the declaration', Buffer.from(`\n \n${declared('UTF-8')}`)],
  ])('of %s, in one piece or byte by byte', async (_, bytes) => {
    expect((await read(bytes))[0]?.name).toMatch(/^zahlt für Käse…?$/);
    expect(await read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(await read(bytes));
  });

  it('of illegal characters and references, which it drops outside and inside CDATA', async () => {
    const [first] = await read(
      `<testsuite name="s\u0000"><testcase name="a\u0001b&#27;c&#x1B;d&#xD800;&#1114112;&#65;"><failure message="&#27;[31mno\u001b[39m [5m]">` +
        `\u0008x&#0;y<![CDATA[z\u0007&#27;]]></failure></testcase></testsuite>`,
    );
    expect(first).toMatchObject({ suite: 's', name: 'abcdA', message: 'no [5m]', details: 'xyz&#27;' });
  });

  it('of nested suites: names joined, empty and repeated ones skipped, the root one too', async () => {
    const cases = await read(
      `<testsuites name="all"><testsuite name="a" file="a.rb"><testsuite name="a"><testsuite><testsuite name="b">` +
        `<testcase name="1"/><testcase name="2" file="c.rb"/></testsuite></testsuite></testsuite><testcase name="3"/>` +
        `</testsuite><testcase name="4"/></testsuites>`,
    );
    expect(cases.map(({ suite, name, file }) => [suite, name, file])).toEqual([
      ['a › b', '1', 'a.rb'],
      ['a › b', '2', 'c.rb'],
      ['a', '3', 'a.rb'],
      ['', '4', undefined],
    ]);
  });

  it('of missing names, and it gives long ones different ends', async () => {
    const long = 'x'.repeat(600);
    const cases = await read(
      `<testsuite><testcase classname="C"/><testcase name=" "/><testcase name="${long}1"/><testcase name="${long}2"/></testsuite>`,
    );
    expect(cases.slice(0, 2).map(({ name }) => name)).toEqual(['C', 'unnamed']);
    expect(cases.slice(2).map(({ name }) => name.length)).toEqual([500, 500]);
    expect(cases[2]?.name).not.toBe(cases[3]?.name);
  });

  it('of several outcomes in a case: a failure hides a skip, the first failure hides others', async () => {
    const results = async (inside: string, attributes = '') =>
      (await read(`<testsuite><testcase name="t" ${attributes}>${inside}</testcase></testsuite>`))[0]?.result;
    expect(await results('<skipped/><failure/>')).toBe('failed');
    expect(await results('<failure/><skipped/>')).toBe('failed');
    expect(await results('<failure/><error/>')).toBe('failed');
    expect(await results('<error/><failure/>')).toBe('errored');
    expect(await results('<flakyError/><error/>')).toBe('errored');
    expect(await results('<rerunFailure/>')).toBe('failed');
    expect(await results('<system-out><b><failure/></b></system-out>')).toBe('passed');
    expect(await results('', 'status="notrun"')).toBe('skipped');
    expect(await results('', 'status="FAILED"')).toBe('failed');
    expect(await results('', 'status="run"')).toBe('passed');
  });

  it('of who names the machine: the case, else a suite around it, else the host of the nearest suite', async () => {
    const property = (value: string) => `<properties><property name="machine" value="${value}"/></properties>`;
    const cases = await read(
      `<testsuites>${property('nobody')}<testsuite name="a" hostname="h1"><testcase name="1"/><testsuite name="b">` +
        `<testcase name="2"/></testsuite></testsuite><testsuite name="c" hostname="h1">${property('win')}` +
        `<testcase name="3"/><testcase name="4">${property('mac')}</testcase><testsuite name="d" hostname="h2">` +
        `<testcase name="5"><failure>${property('no')}</failure></testcase></testsuite></testsuite>` +
        `<testsuite name="e"><properties><property name="os" value="x"/></properties><testcase name="6"/></testsuite></testsuites>`,
    );
    expect(cases.map(({ name, machine }) => [name, machine])).toEqual([
      ['1', 'h1'],
      ['2', 'h1'],
      ['3', 'win'],
      ['4', 'mac'],
      ['5', 'win'],
      ['6', undefined],
    ]);
  });

  it('of a suite that failed by itself, which is never green', async () => {
    expect(summary(await read('<testsuite name="s"><error message="no database"/></testsuite>'))).toEqual([
      'errored | s |  | (suite)',
    ]);
  });

  it('of a report without cases', async () => {
    expect(await read('<testsuites/>')).toEqual([]);
    expect(await read('<testsuite name="s" tests="0"></testsuite>')).toEqual([]);
  });

  it('of durations as people write them', () => {
    const seconds = ['1.5', '1,234.5', '0,005', '', undefined, 'NaN', '-1', '1e3', 'Infinity', '1e99'];
    expect(seconds.map(toDurationMs)).toEqual([
      1500, 1_234_500, 5, 0, 0, 0, 0, 1_000_000, 2_147_483_647, 2_147_483_647,
    ]);
  });

  it('cuts messages at 2,000 and details at 16,000 characters', async () => {
    const [first] = await read(
      `<testsuite><testcase name="t"><failure message="${'m'.repeat(300_000)}">${'d'.repeat(300_000)}</failure></testcase></testsuite>`,
    );
    expect(first?.message).toBe(`${'m'.repeat(1_999)}…`);
    expect(first?.details).toBe(`${'d'.repeat(15_999)}…`);
  });

  it('yields a few hundred cases at a time', async () => {
    const sizes = [];
    const chunks = Array.from({ length: 20 }, () => Buffer.from('<testcase name="t"/>'.repeat(100)));
    for await (const batch of readJUnit([Buffer.from('<testsuite>'), ...chunks, Buffer.from('</testsuite>')])) {
      sizes.push(batch.length);
    }
    expect(sizes.length).toBeGreaterThan(5);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2_000);
  });

  it('gives the same cases however the bytes are cut', async () => {
    const bytes = Buffer.from(
      declared('UTF-8').replace('/>', '><failure message="a&#27;[1mü">b\r\n&amp;c😀</failure></testcase>'),
    );
    const whole = await read(bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const sorted = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(await read(sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end)))).toEqual(whole);
      }),
    );
  });
});

function declared(encoding: string): string {
  return `<?xml version="1.0" encoding="${encoding}"?>\n<testsuite name="s"><testcase name="zahlt für Käse…"/></testsuite>`;
}

function summary(cases: readonly ReportedCase[]): string[] {
  return cases.map(({ result, suite, className, name }) => `${result} | ${suite} | ${className} | ${name}`);
}

async function readFixture(name: string): Promise<ReportedCase[]> {
  return collect(createReadStream(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))));
}

async function read(document: string | Uint8Array | Uint8Array[], options?: ReadOptions): Promise<ReportedCase[]> {
  if (Array.isArray(document)) return collect(document, options);
  return collect([typeof document === 'string' ? Buffer.from(document) : document], options);
}

async function collect(bytes: Parameters<typeof readJUnit>[0], options?: ReadOptions): Promise<ReportedCase[]> {
  const cases = [];
  for await (const batch of readJUnit(bytes, options)) cases.push(...batch);
  return cases;
}
