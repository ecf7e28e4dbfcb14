import type { ExecutorType } from './executor-settings.ts';

/**
 * Variables by which a process is told to load or run something else than its command says. Who may only trigger runs, or
 * store values for them, must not choose what runs on the machine of a `command`; the plan, which names the command, may.
 */
const names = new Set([
  'PATH',
  'HOME',
  'SHELL',
  'ENV',
  'IFS',
  'PS4',
  'CDPATH',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'BROWSER',
  'PROMPT_COMMAND',
  'SHELLOPTS',
  'BASHOPTS',
  'BASH_ENV',
  'NODE_OPTIONS',
  'NODE_PATH',
  'PERL5OPT',
  'PERL5LIB',
  'PERLLIB',
  'RUBYOPT',
  'RUBYLIB',
  'PYTHONPATH',
  'PYTHONHOME',
  'PYTHONSTARTUP',
  'PYTHONBREAKPOINT',
  'PYTEST_ADDOPTS',
  'PYTEST_PLUGINS',
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  '_JAVA_OPTIONS',
  'CLASSPATH',
  'MAVEN_OPTS',
  'MAVEN_ARGS',
  'GRADLE_OPTS',
  'GOFLAGS',
  'CC',
  'CXX',
]);
const prefixes = /^(?:LD_|DYLD_|GIT_|NPM_CONFIG_|XDG_|BASH_FUNC_)/;

/** The first of the names that would steer the command of such an executor, if it has one. */
export function steersCommand(type: ExecutorType, given: Iterable<string>): string | undefined {
  return type === 'command' || type === 'codebuild' ? steeringName(given) : undefined;
}

/** The first of the names that steers processes, if any. Case does not count: some systems fold it. */
function steeringName(given: Iterable<string>): string | undefined {
  for (const name of given) {
    const folded = name.trim().toUpperCase();
    if (names.has(folded) || prefixes.test(folded)) return name;
  }
  return undefined;
}
