/** Where a setting of an SDK client is found. */
interface Selectors<T> {
  readonly environmentVariableSelector: (env: NodeJS.ProcessEnv) => T | undefined;
  readonly default: T | (() => Promise<T>);
}

/**
 * Stands in for the SDK's loader of settings: the environment, then the default. Lambda has no files of profiles, and each
 * client looks for them a dozen times.
 */
export function loadConfig<T>({ environmentVariableSelector, default: standard }: Selectors<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= load(environmentVariableSelector, standard);
    return known;
  };
}

async function load<T>(
  select: Selectors<T>['environmentVariableSelector'],
  standard: Selectors<T>['default'],
): Promise<T> {
  const found = select(process.env);
  if (found !== undefined) return found;
  return typeof standard === 'function' ? (standard as () => Promise<T>)() : standard;
}
