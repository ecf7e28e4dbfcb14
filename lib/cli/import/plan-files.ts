import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Document, isNode, isSeq } from 'yaml';
import { ServiceError } from '../../core/errors.ts';
import type { ImportedPlan } from './imported-plan.ts';

export interface WrittenPlan {
  readonly file: string;
  readonly plan: string;
  readonly tenantPlanId: number;
  readonly notes: readonly string[];
}

/** Writes a file for each plan, all or none: VALIDATION_FAILED if one is there already, unless it may be overwritten. */
export async function writePlanFiles(
  plans: readonly ImportedPlan[],
  directory: string,
  overwrite: boolean,
): Promise<readonly WrittenPlan[]> {
  const files = nameFiles(plans).map((name) => join(directory, name));
  const texts = plans.map(toText);
  const there = overwrite
    ? []
    : (await Promise.all(files.map(isThere))).flatMap((is, i) => (is ? (files[i] ?? '') : []));
  if (there.length > 0)
    throw new ServiceError(
      'VALIDATION_FAILED',
      `nothing was written, these are there already: ${there.join(', ')}; --force overwrites them`,
    );
  await mkdir(directory, { recursive: true });
  return Promise.all(
    plans.map(async ({ document, tenantPlanId, notes }, i) => {
      const file = files[i] ?? '';
      await writeFile(file, texts[i] ?? '', { flag: overwrite ? 'w' : 'wx' });
      return { file, plan: document.name, tenantPlanId, notes };
    }),
  );
}

/** The plan as YAML, its comments above what they are about. */
export function toText({ document, comments, scheduleComments, notes }: ImportedPlan): string {
  const yaml = new Document(document);
  const lines = [...comments, ...notes.map((note) => `not brought over: ${note}`)];
  yaml.commentBefore = toComment(lines);
  const schedules = yaml.get('schedules');
  if (isSeq(schedules)) {
    schedules.items.forEach((item, i) => {
      const comment = scheduleComments[i];
      if (isNode(item) && comment !== undefined) item.commentBefore = toComment([comment]);
    });
  }
  return yaml.toString({ lineWidth: 120 });
}

/** Text of others: none of its line breaks ends a comment. */
function toComment(lines: readonly string[]): string {
  return lines.map((line) => ` ${line.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 1000)}`).join('\n');
}

function nameFiles(plans: readonly ImportedPlan[]): string[] {
  const taken = new Set<string>();
  return plans.map(({ document, tenantPlanId }) => {
    const plain = document.name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 80);
    const candidates = [
      plain,
      `${plain}-${tenantPlanId}`,
      ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${plain}-${tenantPlanId}-${n}`),
    ];
    const name = candidates.find((one) => one !== '' && !taken.has(one)) ?? `${plain}-${tenantPlanId}-${taken.size}`;
    taken.add(name);
    return `${name}.yaml`;
  });
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
