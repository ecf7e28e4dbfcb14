import * as z from 'zod/mini';

/** What holds secrets, by the word a reference begins with. */
export type SecretStore = 'env' | 'ssm' | 'secretsmanager';

/**
 * Names plans may refer to. On AWS only those under `proctor/`, so that no plan reads the master key or another secret of
 * the account.
 */
const names: Readonly<Record<SecretStore, RegExp>> = {
  env: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  ssm: /^\/proctor(?=.{2,400}$)(?:\/[A-Za-z0-9_.-]+)+$/,
  secretsmanager: /^proctor\/[A-Za-z0-9/_+=.@-]{1,400}$/,
};

const forms = 'env:NAME (embedded), ssm:/proctor/<name> or secretsmanager:proctor/<name>';

/** Where a secret is. Which of the stores a deployment can read is known when it is read. */
export const secretReference = z
  .string()
  .check(z.refine((ref) => splitReference(ref) !== undefined, `must be ${forms}`));

/** The store a reference names and the secret's name there; undefined if it is no reference. */
export function splitReference(ref: string): { readonly store: SecretStore; readonly name: string } | undefined {
  const colon = ref.indexOf(':');
  const store = ref.slice(0, colon);
  const name = ref.slice(colon + 1);
  return isStore(store) && names[store].test(name) ? { store, name } : undefined;
}

function isStore(text: string): text is SecretStore {
  return Object.hasOwn(names, text);
}
