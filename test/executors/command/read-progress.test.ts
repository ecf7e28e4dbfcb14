import { appendFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProgress } from '../../../lib/executors/command/read-progress.ts';
import { newDirectory } from './job-harness.ts';

let directory: string;
let file: string;
const line = (name: string, more: object = {}) => `${JSON.stringify({ name, result: 'passed', ...more })}\n`;
const names = ({ cases }: { cases: readonly { name: string }[] }) => cases.map(({ name }) => name);

beforeEach(() => {
  directory = newDirectory();
  file = join(directory, 'progress.jsonl');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('readProgress', () => {
  it('tells nothing of a file that is not there', async () => {
    expect(await readProgress(file, 0)).toEqual({ cases: [], offset: 0 });
  });

  it('waits for the end of a line and reads on behind it', async () => {
    writeFileSync(file, line('one') + line('two').slice(0, 10));
    const first = await readProgress(file, 0);
    expect(names(first)).toEqual(['one']);
    appendFileSync(file, line('two').slice(10));
    const second = await readProgress(file, first.offset);
    expect(names(second)).toEqual(['two']);
    expect(names(await readProgress(file, second.offset))).toEqual([]);
  });

  it('passes over what is no case and what is too long', async () => {
    const bad = ['', 'x', '[]', '{}', '{"name":"a","result":"great"}', '{"name":1,"result":"passed"}'].join('\n');
    writeFileSync(file, `${bad}\n${line('long', { details: 'x'.repeat(70_000) })}${line('good')}`);
    expect(names(await readProgress(file, 0))).toEqual(['good']);
  });

  it('gets past a line without end', async () => {
    writeFileSync(file, 'x'.repeat(100_000));
    const { offset } = await readProgress(file, 0);
    appendFileSync(file, `\n${line('good')}`);
    expect(names(await readProgress(file, offset))).toEqual(['good']);
  });

  it('reads a file anew that another runner began again', async () => {
    writeFileSync(file, line('one') + line('two'));
    const { offset } = await readProgress(file, 0);
    truncateSync(file, 0);
    appendFileSync(file, line('three'));
    expect(names(await readProgress(file, offset))).toEqual(['three']);
  });

  it('takes a large file in parts', async () => {
    writeFileSync(file, line('x', { details: 'y'.repeat(15_000) }).repeat(600));
    let offset = 0;
    let told = 0;
    for (let reads = 0; reads < 4; reads += 1) {
      const progress = await readProgress(file, offset);
      offset = progress.offset;
      told += progress.cases.length;
    }
    expect(told).toBe(600);
  });
});
