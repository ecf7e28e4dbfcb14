import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { readPlanFile } from '../../lib/cli/plan-file.ts';
import { runExample } from '../runners/run-example.ts';

const plans = globSync('examples/**/plan.yaml', { ignore: '**/node_modules/**' });

describe('the examples', () => {
  it.each(plans)('%s is a valid plan, and says in its first lines what it needs', async (file) => {
    expect(await readPlanFile(file)).toMatchObject({ file });
    expect(readFileSync(file, 'utf8')).toMatch(/^# /);
  });

  it('are all in the table of their folder, and the table names none that is not there', () => {
    const told = readFileSync('examples/README.md', 'utf8').matchAll(/^\| \[`([^`]+)`\]/gm);
    expect([...told].map(([, name]) => name).toSorted()).toEqual(
      plans.map((file) => file.replace('examples/', '')).toSorted(),
    );
    for (const file of plans) expect(existsSync(join(dirname(file)))).toBe(true);
  });
});

// The others need their runners: test/runners/examples.proof.ts.
describe.each(['node-test', 'vitest'])('the example of %s', (name) => {
  it('reruns its failed case alone', () => runExample(name, join(process.cwd(), 'node_modules')));
});
