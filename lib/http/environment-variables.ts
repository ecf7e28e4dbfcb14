import { invalidField } from '../core/errors.ts';
import type { EnvironmentVariable } from '../core/ports.ts';

/** A variable as a body gives it. */
export interface GivenVariable {
  readonly key: string;
  readonly value?: string | null | undefined;
  readonly valueFrom?: string | null | undefined;
  readonly secret?: boolean | null | undefined;
}

/**
 * The variable to store: a value, or a reference to one, which is always secret. VALIDATION_FAILED names the field; `secret`
 * has another name in the vendor's API.
 */
export function toStoredVariable(
  { key, value, valueFrom, secret }: GivenVariable,
  i: number,
  secretName = 'secret',
): Omit<EnvironmentVariable, 'id'> {
  if (valueFrom == null) {
    if (value == null) throw invalidField(`variables[${i}].value`, 'is required, or valueFrom instead of it');
    return { key, value, secret: secret ?? false };
  }
  if (value != null) throw invalidField(`variables[${i}].valueFrom`, 'cannot be given together with a value');
  if (secret === false) throw invalidField(`variables[${i}].${secretName}`, 'cannot be false for a value by reference');
  return { key, value: null, valueFrom, secret: true };
}

export function refuseRepeatedKeys(variables: readonly { readonly key: string }[]): void {
  const seen = new Set<string>();
  variables.forEach(({ key }, i) => {
    if (seen.has(key)) throw invalidField(`variables[${i}].key`, 'is used by an earlier variable');
    seen.add(key);
  });
}
