import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '@bomb.sh/tab';
import { Argument, type Command } from 'commander';
import type { ApiClient } from '../client/api-client.ts';
import { completeWords, type Kind, type Suggestion } from './complete-words.ts';
import { chooseProfile, connect } from './connect.ts';
import { createTerminal, plain } from './terminal.ts';

/** Who presses Tab does not wait for a server; one far away may be given longer by `PROCTOR_COMPLETE_MS`. */
const patienceMs = Number(process.env.PROCTOR_COMPLETE_MS) || 300;
/** Of each kind, newest first where there is an order. */
const most = 100;
/** Directives of the protocol that the scripts speak: files as usual, or none. */
const [withFiles, withoutFiles] = [0, 4];

/**
 * `complete <shell>` prints the script for a shell, `complete -- <words>` answers it. The answers are our own: the library's
 * handlers cannot wait for a server, and it never leaves files to the shell.
 */
export function addCompleteCommand(program: Command): void {
  program
    .command('complete')
    .description('print the script that completes commands, as in: source <(proctor complete zsh)')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish', 'powershell']))
    .action((shell: keyof typeof scripts) => scripts[shell]());
}

/** Answers a script of ours: `words` are those after the program's name, the last of them not yet finished. */
export async function answerCompletion(program: Command, words: readonly string[]): Promise<void> {
  const at = words.indexOf('--profile');
  chooseProfile(at < 0 ? undefined : words[at + 1]);
  const { words: found, files } = await completeWords(program, words, lookUp);
  const { print } = createTerminal();
  for (const [word, about] of found) print(`${word}\t${plain(about, 80)}`);
  print(`:${files ? withFiles : withoutFiles}`);
}

/** Nothing when the server is slow, away, or refuses: a shell has no place for errors. No key command is run for it. */
async function lookUp(kind: Kind): Promise<readonly Suggestion[]> {
  try {
    const found = connect({ mayAsk: false }).then((api) => finders[kind](api));
    return (await Promise.race([found, sleep(patienceMs, [], { ref: false })])).filter(([word]) => isPlain(word));
  } catch {
    return [];
  }
}

const limit = { params: { query: { limit: most } } };
const finders: Readonly<Record<Kind, (api: ApiClient) => Promise<Suggestion[]>>> = {
  plan: async (api) =>
    (await api.GET('/v1/plans', limit)).data.plans.flatMap(({ id, name, project }): Suggestion[] => [
      [name, project],
      [String(id), `${project}/${name}`],
    ]),
  run: async (api) =>
    (await api.GET('/v1/runs', limit)).data.runs.map(({ id, planName, result, status }): Suggestion => {
      return [String(id), `${planName}, ${result ?? status}`];
    }),
  schedule: async (api) =>
    (await api.GET('/v1/schedules', limit)).data.schedules.map(({ id, name }): Suggestion => [String(id), name]),
  hook: async (api) => (await api.GET('/v1/hooks')).data.hooks.map(({ id, name }): Suggestion => [id, name]),
  key: async (api) => (await api.GET('/v1/keys')).data.keys.map(({ id, name }): Suggestion => [id, name]),
};

/** Shells read words of others again: a name that is more than letters, digits and a few signs is offered by its id only. */
function isPlain(word: string): boolean {
  return /^[\p{L}\p{N}._/@+-]+$/u.test(word);
}

/** The library's script for bash evaluates what was typed and what was answered, and needs another package. */
const bash = `# bash completion for proctor
_proctor() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    case "$word" in
      :${withoutFiles}) compopt +o default ;;
      :*) ;;
      "$cur"*) COMPREPLY+=("$word") ;;
    esac
  done < <(proctor complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _proctor proctor`;

const scripts = {
  bash: () => createTerminal().print(bash),
  zsh: () => script('zsh', 'proctor', 'proctor'),
  fish: () => script('fish', 'proctor', 'proctor'),
  powershell: () => script('powershell', 'proctor', 'proctor'),
} as const;
