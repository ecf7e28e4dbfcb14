import { relative } from 'node:path';
import { notPicked, reportedName } from './node-test-selection.mjs';

/**
 * The tests in the events of `node --test` as they end, under the names that node's junit reporter gives them: a test
 * with tests inside is a suite there, whatever it was declared as. The class is the file, which that reporter leaves
 * out, so that tests of one name in two files are two.
 */
export async function* readCases(source) {
  const open = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      open.length = Math.min(open.length, data.nesting);
      const parent = open[data.nesting - 1];
      if (parent) parent.isSuite = true;
      open[data.nesting] = { name: reportedName(data.name), file: data.file ?? parent?.file, isSuite: false };
    } else if (type === 'test:pass' || type === 'test:fail') {
      const test = open[data.nesting];
      if (test && !test.isSuite && !isLeftOut(data)) yield toCase(type, data, open);
    }
  }
}

function isLeftOut({ skip }) {
  return skip === notPicked || skip === 'test name does not match pattern';
}

function toCase(type, data, open) {
  const suite = open.slice(0, data.nesting).map((parent) => parent?.name ?? '');
  const file = open[data.nesting].file;
  return {
    suite: suite.join(' › '),
    className: file === undefined ? 'test' : relative(process.cwd(), file).replaceAll('\\', '/'),
    name: reportedName(data.name),
    result: toResult(type, data),
    durationMs: data.details?.duration_ms ?? 0,
    ...toText(data),
  };
}

function toResult(type, { skip, todo }) {
  if (type === 'test:fail') return 'failed';
  return isSet(skip) || isSet(todo) ? 'skipped' : 'passed';
}

const isSet = (directive) => directive !== undefined && directive !== false;

function toText({ skip, todo, details }) {
  const error = details?.error;
  const reason = skip ?? todo;
  if (!error) return typeof reason === 'string' && reason !== '' ? { message: reason.slice(0, 2000) } : {};
  const text = String(error.cause?.stack ?? error.stack ?? error.message);
  return { message: String(error.cause?.message ?? error.message).slice(0, 2000), details: text.slice(0, 16_000) };
}
