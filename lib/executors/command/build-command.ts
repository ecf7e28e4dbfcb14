import { ServiceError } from '../../core/errors.ts';
import type { Executing, PickedCase } from '../../core/executor.ts';
import type { CommandSettings } from '../../core/executor-settings.ts';
import { plural } from '../../core/words.ts';
import { quoteShell } from './quote-shell.ts';
import type { Selector, SelectorJob } from './selectors/selector.ts';
import { selectorFor } from './selectors/selector-for.ts';

export interface BuiltCommand {
  /** For `sh`. */
  readonly text: string;
  readonly executing: Executing;
}

/**
 * The plan's command with selection and report file filled in, and what it will really run. Paths are absolute. Throws
 * EXECUTOR_REFUSED for a command in which the selection would stand between quotes.
 */
export function buildCommand(
  settings: Pick<CommandSettings, 'command' | 'selector'>,
  selection: readonly PickedCase[] | null,
  files: Omit<SelectorJob, 'command'>,
): BuiltCommand {
  if (isInQuotes(settings.command)) {
    throw new ServiceError(
      'EXECUTOR_REFUSED',
      'in the command, {selection} must not stand between quotes: it is quoted already',
    );
  }
  const selector = selectorFor(settings);
  const job = { command: settings.command, ...files };
  const { words, executing } = select(selector, selection, job);
  const all = [...(selector?.baseArguments(job) ?? []), ...words];
  const replaced: Record<string, string> = {
    '{selection}': all.map(quoteShell).join(' '),
    '{report}': quoteShell(files.reportFile),
  };
  // In one pass: what a name holds is never replaced again.
  const command = words.length > 0 && selection ? narrow(selector, settings.command, selection) : settings.command;
  const text = withPlace(command, all.length > 0 ? selector : null).replace(
    /\{(?:selection|report)\}/g,
    (place) => replaced[place] ?? place,
  );
  return { text: `${text}\n`, executing };
}

// Linux takes 128 KiB an argument, and wrappers such as npm make one of all.
const maxSelectionBytes = 100_000;

/** The words that pick the cases, unquoted, within so many bytes once they are quoted; none if everything runs. */
export function select(
  selector: Selector | null,
  cases: readonly PickedCase[] | null,
  job: SelectorJob,
  most = maxSelectionBytes,
): { words: readonly string[]; executing: Executing } {
  if (cases === null) return { words: [], executing: { grain: 'everything', description: 'everything' } };
  const others = `all but the ${plural(cases.length, 'picked case')} are ignored`;
  const everything = (why: string) => ({
    words: [],
    executing: { grain: 'everything' as const, description: `everything (${why}; ${others})` },
  });
  if (selector === null) return everything('no selector is configured');
  if (cases.length === 0) return everything('no case is named');

  const words = selector.toArguments(cases, job);
  if (words === null) return everything('the runner cannot tell these cases apart');
  if (fits(words, most)) return { words, executing: describe(selector, cases, job) };
  const suiteWords = selector.toSuiteArguments?.(cases) ?? [];
  if (suiteWords.length === 0 || !fits(suiteWords, most))
    return everything('the names are too long for one command line');
  const suites = new Set(cases.map(({ suite, className }) => `${suite}\n${className}`)).size;
  const description = `${plural(suites, 'suite')} (the names are too long for one command line; ${others})`;
  return { words: suiteWords, executing: { grain: 'suites', description } };
}

function describe(selector: Selector, cases: readonly PickedCase[], job: SelectorJob): Executing {
  const iterations = cases.reduce((sum, picked) => sum + (picked.iterations?.length ?? 0), 0);
  const whole = cases.filter((picked) => !picked.iterations?.length).length;
  const exact = selector.selects === 'iterations';
  const parts = exact && iterations > 0 ? [plural(iterations, 'iteration')] : [plural(cases.length, 'case')];
  if (exact && iterations > 0 && whole > 0) parts.unshift(plural(whole, 'case'));
  const extras = [
    !exact && iterations > 0 ? 'all iterations run; those that were not picked are ignored' : undefined,
    selector.extras?.(cases, job),
    isSameEverywhere(cases) ? undefined : 'on each machine of the attempt; what was not picked there is ignored',
  ].filter((extra) => extra !== undefined);
  const description = `${parts.join(' and ')}${extras.length > 0 ? ` (${extras.join('; ')})` : ''}`;
  return { grain: exact && iterations > 0 ? 'iterations' : 'cases', description };
}

/** True if each machine runs the same cases: they are selected by name, whatever the machine. */
function isSameEverywhere(cases: readonly PickedCase[]): boolean {
  const byMachine = new Map<string | undefined, Set<string>>();
  for (const { machine, ...testCase } of cases) {
    byMachine.set(machine, (byMachine.get(machine) ?? new Set()).add(JSON.stringify(testCase)));
  }
  const distinct = new Set([...byMachine.values()].flatMap((names) => [...names])).size;
  return [...byMachine.values()].every((names) => names.size === distinct);
}

function fits(words: readonly string[], most: number): boolean {
  return words.reduce((bytes, word) => bytes + Buffer.byteLength(quoteShell(word)) + 1, 0) <= most;
}

function narrow(selector: Selector | null, command: string, cases: readonly PickedCase[]): string {
  return selector?.narrow?.(command, cases) ?? command;
}

/** The command with `{selection}` in it, if it needs any. */
function withPlace(command: string, selector: Selector | null): string {
  if (selector === null || command.includes('{selection}')) return command;
  const match = selector.insertAfter?.exec(command);
  if (!match) return `${command.trimEnd()} {selection}`;
  const end = match.index + match[0].length;
  return `${command.slice(0, end)} {selection}${command.slice(end)}`;
}

/** Between quotes the shell would read the quoted names as something else, possibly as commands. */
function isInQuotes(command: string): boolean {
  let quote = '';
  for (let i = 0; i < command.length; i += 1) {
    const character = command.charAt(i);
    if (quote !== '' && command.startsWith('{selection}', i)) return true;
    if (character === '\\' && quote !== "'") i += 1;
    else if (quote === '' && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = '';
  }
  return false;
}
