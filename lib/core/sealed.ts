import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { MasterKey } from './ports.ts';

/**
 * Text encrypted with a key that is derived from the newest master key, for what may hold a secret and has to be stored:
 * `s1.<epoch>.<iv>.<ciphertext and tag>`. `random` gives twelve fresh bytes.
 */
export function seal(masterKeys: readonly MasterKey[], text: string, random: (bytes: number) => Uint8Array): string {
  const [newest] = masterKeys;
  if (!newest) throw new Error('No master key');
  const iv = random(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(newest), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `s1.${newest.epoch}.${Buffer.from(iv).toString('base64url')}.${sealed.toString('base64url')}`;
}

/** The text again; undefined if its master key is gone or it was changed. */
export function unseal(masterKeys: readonly MasterKey[], sealed: string): string | undefined {
  const [version, epoch, iv = '', body = ''] = sealed.split('.');
  const masterKey = masterKeys.find((candidate) => String(candidate.epoch) === epoch);
  const bytes = Buffer.from(body, 'base64url');
  if (version !== 's1' || masterKey === undefined || bytes.length < tagBytes) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(masterKey), Buffer.from(iv, 'base64url'));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** The secrets (`whsec_…`) the callbacks of runs are signed with, newest first: two while the master keys rotate. */
export function callbackSecrets(masterKeys: readonly MasterKey[]): string[] {
  return masterKeys.slice(0, 2).map(({ epoch, key }) => {
    const derived = Buffer.from(hkdfSync('sha256', key, '', `callback${epoch}`, 32));
    return `whsec_${derived.toString('base64')}`;
  });
}

const ivBytes = 12;
const tagBytes = 16;

function keyOf({ epoch, key }: MasterKey): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', `seal${epoch}`, 32));
}
