import * as z from 'zod/mini';

/** What holds secrets, by the word a reference begins with. */
export type SecretStore = 'env' | 'ssm' | 'secretsmanager';

/** On AWS plans name only what begins with `proctor/`, so that none reads the master key or another secret of the account. */
const reference =
  /^(?:(env):([A-Za-z_][A-Za-z0-9_]{0,127})|(ssm):(\/proctor(?=.{2,400}$)(?:\/[A-Za-z0-9_.-]+)+)|(secretsmanager):(proctor\/[A-Za-z0-9/_+=.@-]{1,400}))$/;

/** Where a secret is. Which of the stores a deployment can read is known when it is read. */
export const secretReference = z
  .string()
  .check(z.regex(reference, 'must be env:NAME (embedded), ssm:/proctor/<name> or secretsmanager:proctor/<name>'));

/** The store a reference names and the secret's name there; undefined if it is no reference. */
export function splitReference(ref: string): { readonly store: SecretStore; readonly name: string } | undefined {
  const [store, name] =
    reference
      .exec(ref)
      ?.slice(1)
      .filter((part) => part !== undefined) ?? [];
  return name === undefined ? undefined : { store: store as SecretStore, name };
}
