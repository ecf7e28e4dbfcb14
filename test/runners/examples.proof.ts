import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { install, prepareGo, prepareMaven, preparePytest } from './prepare.ts';
import { runExample } from './run-example.ts';

const timeout = 300_000;

// Those whose runner is here anyway are part of `npm test`: test/docs/examples.test.ts.
describe('the example of', () => {
  it('jest reruns its failed case alone', { timeout }, () => runExample('jest', install()));

  it('playwright reruns its failed case alone', { timeout }, () => runExample('playwright', install()));

  it('pytest reruns its failed case alone', { timeout }, () => {
    preparePytest();
    return runExample('pytest');
  });

  it('go reruns its failed case alone', { timeout }, () => {
    prepareGo();
    return runExample('go');
  });

  it('maven reruns its failed case alone', { timeout }, () => {
    const options = prepareMaven(join('examples', 'maven'));
    return runExample('maven', undefined, (directory) => {
      mkdirSync(join(directory, '.mvn'));
      writeFileSync(join(directory, '.mvn', 'maven.config'), options.join('\n'));
    });
  });
});
