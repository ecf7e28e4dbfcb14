/** Why a test that was not picked is skipped. It tells these from the tests' own skips, and is never reported. */
export const notPicked = 'not picked for this run';

/** The name as node's junit reporter writes it: an XML attribute keeps no line breaks and no tabs. */
export function reportedName(name) {
  return name.replaceAll('\n', '').replace(/[\t\r]/g, ' ');
}

/**
 * Tells whether the test with these enclosing names runs: it was picked, is inside one that was, or has one inside. An
 * iteration is a test inside the case, or one called `case[iteration]` or `case (iteration)`. Of the cases of another
 * file than the one given none runs; those whose class is no file are looked for in each.
 *
 * @param {readonly { suite: string, className?: string, name: string, iterations?: readonly string[] }[]} cases
 * @param {string} [file]
 * @returns {(path: readonly string[]) => boolean}
 */
export function createFilter(cases, file) {
  const picked = new Set();
  const whole = new Set();
  const above = new Set();
  for (const { suite, className, name, iterations } of cases) {
    if (file !== undefined && isFile(className) && className !== file) continue;
    const path = suite === '' ? name : join(suite, name);
    addAncestors(above, path);
    if (iterations === undefined) picked.add(path);
    else if (iterations.length > 0) {
      above.add(path);
      for (const iteration of iterations) {
        for (const own of [join(path, iteration), `${path}[${iteration}]`, `${path} (${iteration})`]) picked.add(own);
      }
    } else {
      picked.add(path);
      whole.add(path);
    }
  }
  return (given) => {
    const names = given.map(reportedName);
    const path = names.join(separator);
    if (above.has(path) || picked.has(path)) return true;
    if (whole.has(withoutIteration(path))) return true;
    return names.some((_, depth) => picked.has(names.slice(0, depth).join(separator)));
  };
}

const separator = ' › ';

/** The class of a case is its file, `test` in the report of node's own reporter, and nothing if nobody told it. */
const isFile = (className) => className !== undefined && className !== '' && className !== 'test';

const join = (suite, name) => `${suite}${separator}${name}`;

/** A name may hold the separator itself, so every prefix that ends before one counts. */
function addAncestors(above, path) {
  for (let end = path.indexOf(separator); end >= 0; end = path.indexOf(separator, end + 1))
    above.add(path.slice(0, end));
}

/** `case[iteration]` and `case (iteration)` without the iteration. */
function withoutIteration(path) {
  if (path.endsWith(']')) return path.slice(0, Math.max(0, path.indexOf('[', path.lastIndexOf(separator) + 1)));
  if (path.endsWith(')')) return path.slice(0, Math.max(0, path.indexOf(' (', path.lastIndexOf(separator) + 1)));
  return '';
}
