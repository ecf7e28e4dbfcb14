/**
 * CPU of reading a 100,000-case report against saxes that only counts the cases, in the same process, and peak memory.
 * Run: npx tsx test/bench/junit.bench.ts
 */
import { SaxesParser } from 'saxes';
import { readJUnit } from '../../lib/adapters/junit/read-junit.ts';

const chunks = generate(100_000);
const megabytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0) / 1e6;

const bare: number[] = [];
const ours: number[] = [];
for (let round = 0; round < 6; round += 1) {
  bare.push(await cpuMs(parseOnly));
  ours.push(await cpuMs(readAll));
}
const [bareMs, oursMs] = [median(bare.slice(1)), median(ours.slice(1))];
console.log(`${megabytes.toFixed(1)} MB: saxes ${bareMs.toFixed(0)} ms, readJUnit ${oursMs.toFixed(0)} ms CPU`);
console.log(`ratio ${(oursMs / bareMs).toFixed(2)}, peak RSS ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);

async function parseOnly(): Promise<void> {
  const parser = new SaxesParser();
  let cases = 0;
  parser.on('opentag', (tag) => {
    if (tag.name === 'testcase') cases += 1;
  });
  const decoder = new TextDecoder();
  for (const chunk of chunks) parser.write(decoder.decode(chunk, { stream: true }));
  parser.close();
  if (cases !== 100_000) throw new Error(`${cases} cases`);
}

async function readAll(): Promise<void> {
  let cases = 0;
  for await (const batch of readJUnit(chunks)) cases += batch.length;
  if (cases !== 100_000) throw new Error(`${cases} cases`);
}

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function generate(count: number): Buffer[] {
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="bench">\n'];
  for (let i = 0; i < count; i += 1) {
    if (i % 100 === 0)
      parts.push(`${i > 0 ? '</testsuite>\n' : ''}<testsuite name="com.example.Suite${i / 100}" tests="100">\n`);
    const start = `<testcase classname="com.example.shop.checkout.Suite${Math.floor(i / 100)}" name="does thing number ${i} with the basket" time="0.${i % 1000}" file="src/test/Suite${Math.floor(i / 100)}.java"`;
    if (i % 10 !== 0)
      parts.push(
        `${start}><system-out>line of output ${i}, about as long as they are in practice, twice over</system-out></testcase>\n`,
      );
    else
      parts.push(
        `${start}><failure message="expected ${i} &lt; 3" type="AssertionError"><![CDATA[${'at com.example.Frame.call(Frame.java:42)\n'.repeat(18)}]]></failure></testcase>\n`,
      );
  }
  const bytes = Buffer.from(`${parts.join('')}</testsuite>\n</testsuites>\n`);
  return Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
    bytes.subarray(i * 65_536, (i + 1) * 65_536),
  );
}
