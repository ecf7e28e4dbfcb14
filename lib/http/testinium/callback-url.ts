import { invalidField } from '../../core/errors.ts';
import { isLoopback } from '../../core/loopback.ts';
import type { TestiniumSettings } from './settings.ts';

/** Refuses a URL this deployment never sends to; each delivery checks again what its name resolves to. */
export type CheckUrl = (url: string, field?: string) => void;

const maxLength = 2048;

/** contracts/testinium.md 4.5. No refusal shows the URL, which may hold a secret. */
export function checkCallbackUrl(text: string, { callbackHosts }: TestiniumSettings, checkUrl: CheckUrl): void {
  const refuse = (message: string) => invalidField('callbackUrl', message);
  if (text.length > maxLength) throw refuse(`must have at most ${maxLength} characters`);
  // The parser would drop blanks, line ends and backslashes that the sender did not mean.
  if (!/^https?:\/\/[^\s\\/][^\s\\]*$/i.test(text)) throw refuse('must be an absolute https URL');
  if (text.includes('#')) throw refuse('must not have a fragment');
  checkUrl(text, 'callbackUrl');
  const { protocol, hostname } = new URL(text);
  // `checkUrl` allows it in embedded mode only.
  if (protocol === 'http:' && !isLoopback(hostname)) throw refuse('must be an https URL');
  if (callbackHosts.length > 0 && !callbackHosts.includes(hostname)) {
    throw refuse('names a host that is not in testinium.callbackHosts');
  }
}
