import { readBuildEvent } from '../lib/adapters/codebuild/build-event.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { noticeJob } from '../lib/workflow/notice-job.ts';

const { services, handle } = createAwsSystem(process.env, { machine: createMachine });

/** Rule on builds of this deployment that are over. What is thrown is retried, then dead-lettered. */
export const handler = handle(async (event: unknown) => {
  const job = readBuildEvent(event);
  if (job !== undefined) await noticeJob(services, job);
});
