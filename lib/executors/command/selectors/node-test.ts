import { pathToFileURL } from 'node:url';
import { notPicked } from '../node-test-selection.mjs';
import { helperOf, noArguments, type Selector } from './selector.ts';

/**
 * `--test-name-pattern` cannot tell two tests of one name apart and never reaches a test inside a test (Node 20), so the
 * picked cases go by file to a filter that each test process imports. Names need no escaping, and may be any number.
 * The filter runs the ancestors of what is picked, as it must, and nothing else. It is there when everything runs, too,
 * because it tells the file of a test. A command with reporters of its own keeps them, and node's names.
 */
export const nodeTestSelector: Selector = {
  selects: 'iterations',
  baseArguments(job) {
    const [filter, reporter, junit] = ['filter', 'reporter', 'junit'].map(
      (name) => pathToFileURL(helperOf(job, `node-test-${name}.mjs`)).href,
    ) as [string, string, string];
    const imported = `--import=${filter}`;
    if (/(?:^|\s)--test-reporter[= ]/.test(job.command)) {
      return [imported, ...reporterTo(`${reporter}?class=test`, job.progressFile)];
    }
    const live = reporterTo(reporter, job.progressFile);
    return [imported, ...live, ...reporterTo('spec', 'stdout'), ...reporterTo(junit, job.reportFile)];
  },
  toArguments: noArguments,
  reportsOnce: true,
  fromReport(reported) {
    if (reported.result === 'skipped' && reported.message === notPicked) return null;
    return { ...reported, suite: unescapeQuotes(reported.suite), name: unescapeQuotes(reported.name) };
  },
  insertAfter: /(?:^|\s)--test(?=\s|$)/,
};

/** The junit reporter of Node 20 escapes quotes twice. */
function unescapeQuotes(name: string): string {
  return name.replaceAll('&quot;', '"');
}

function reporterTo(name: string, destination: string): string[] {
  return [`--test-reporter=${name}`, `--test-reporter-destination=${destination}`];
}
