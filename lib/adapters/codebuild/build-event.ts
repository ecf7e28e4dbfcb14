import * as z from 'zod/mini';
import { parseId } from '../../core/schema.ts';

/** The job of an attempt, as an event about it claims. Whoever holds the run checks the claim. */
export interface JobClaim {
  readonly runId: number;
  readonly attempt: number;
  readonly ref: string;
}

/**
 * The attempt whose build a "CodeBuild Build State Change" event is about, by the variables Proctor gave the build; undefined
 * if it is no such build.
 */
export function readBuildEvent(event: unknown): JobClaim | undefined {
  const outcome = z.safeParse(buildEvent, event);
  if (!outcome.success) return undefined;
  const { 'build-id': arn, 'additional-information': information } = outcome.data.detail;
  const variables = new Map(
    information.environment['environment-variables'].map(({ name, value }) => [name, value ?? '']),
  );
  const runId = parseId(variables.get('PROCTOR_RUN_ID') ?? '');
  const attempt = parseId(variables.get('PROCTOR_ATTEMPT') ?? '');
  const [, ref = ''] = arn.split(':build/');
  if (runId === undefined || attempt === undefined || ref === '') return undefined;
  return { runId, attempt, ref };
}

const buildEvent = z.object({
  detail: z.object({
    'build-id': z.string(),
    'additional-information': z.object({
      environment: z.object({
        'environment-variables': z.array(z.object({ name: z.string(), value: z.optional(z.string()) })),
      }),
    }),
  }),
});
