import { invalidField } from '../../core/errors.ts';
import { createTargetCheck, type TargetRules } from './target.ts';

/** Throws VALIDATION_FAILED naming the field if the URL can never be sent to. Resolves no names. */
export type CheckUrl = (url: string, field?: string) => void;

/** For who takes URLs and never sends to them. */
export function createUrlCheck(rules: TargetRules): CheckUrl {
  const targets = createTargetCheck(rules);
  return (url, field = 'url') => {
    const target = targets.check(url);
    if ('refused' in target) throw invalidField(field, target.refused);
  };
}
