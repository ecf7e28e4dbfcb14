import { InvalidArgumentError } from 'commander';
import { ServiceError } from '../core/errors.ts';
import { parseId } from '../core/schema.ts';

/** A positive number of an option. */
export function toCount(text: string): number {
  const number = parseId(text);
  if (number !== undefined) return number;
  throw new InvalidArgumentError('must be a positive number');
}

/** `NAME=value`, beside those given before. */
export function toVariable(text: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('must be NAME=value');
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}

/**
 * The secret in the environment variable that an option names: as an argument it would be seen by whoever lists processes.
 * VALIDATION_FAILED names the option.
 */
export function readVariable(option: string, name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new ServiceError('VALIDATION_FAILED', `${option}: the environment variable ${name} is not set`);
}
