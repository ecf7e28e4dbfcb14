import type { Command, Option } from 'commander';

/** What a word may become: the word, and what it is. */
export type Suggestion = readonly [word: string, about: string];
/** What only the server knows. */
export type Kind = 'plan' | 'run' | 'schedule' | 'hook' | 'key';

export interface Completion {
  readonly words: readonly Suggestion[];
  /** Files may stand there, too. */
  readonly files: boolean;
}

const kinds: ReadonlySet<string> = new Set<Kind>(['plan', 'run', 'schedule', 'hook', 'key']);
const places: ReadonlySet<string> = new Set(['file', 'directory']);

/**
 * What the last word may become after the others. Options and arguments are told by their names in the help: `<plan>` is
 * looked up, `<file>` is left to the shell.
 */
export async function completeWords(
  program: Command,
  words: readonly string[],
  lookUp: (kind: Kind) => Promise<readonly Suggestion[]>,
): Promise<Completion> {
  const current = words.at(-1) ?? '';
  let command = program;
  let position = 0;
  let pending: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (word.startsWith('-')) {
      const option = optionsOf(command, program).find(({ long, short }) => word === long || word === short);
      pending = option !== undefined && takesValue(option) ? option : undefined;
    } else {
      const next = command.commands.find((one) => one.name() === word);
      position = next === undefined ? position + 1 : 0;
      command = next ?? command;
    }
  }
  const fill = async (name: string, choices: readonly string[] | undefined): Promise<Completion> => {
    if (choices !== undefined)
      return starting(
        current,
        choices.map((choice): Suggestion => [choice, '']),
      );
    if (kinds.has(name)) return starting(current, await lookUp(name as Kind));
    return { words: [], files: places.has(name) };
  };
  if (pending !== undefined) return fill(valueNameOf(pending), pending.argChoices);
  if (current.startsWith('-')) {
    const options = optionsOf(command, program).map(({ long, description }): Suggestion => [long ?? '', description]);
    return starting(current, [...options, ['--help', 'say more']]);
  }
  if (command.commands.length > 0) {
    return starting(
      current,
      command
        .createHelp()
        .visibleCommands(command)
        .map((one): Suggestion => [one.name(), one.description()]),
    );
  }
  const given = command.registeredArguments;
  const argument = given[position] ?? (given.at(-1)?.variadic ? given.at(-1) : undefined);
  return argument === undefined ? { words: [], files: false } : fill(argument.name(), argument.argChoices);
}

function starting(current: string, words: readonly Suggestion[]): Completion {
  return { words: words.filter(([word]) => word.startsWith(current)), files: false };
}

function optionsOf(command: Command, program: Command): readonly Option[] {
  return [...command.options, ...(command === program ? [] : program.options)].filter(({ hidden }) => !hidden);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** `plan` of `--plan <plan...>`. */
function valueNameOf({ flags }: Option): string {
  return /[<[](\w+)/.exec(flags)?.[1] ?? '';
}
