import { createScheduler } from '../lib/adapters/late/scheduler.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createPreviewSchedule, createPreviewTiming } from '../lib/http/native/schedule-preview.ts';
import * as native from '../lib/http/native/schedules.ts';
import type { Handlers } from '../lib/http/routes.ts';
import * as testsigma from '../lib/http/testsigma/schedules.ts';

const system = createAwsSystem(process.env, { scheduler: createScheduler });
const { services } = system;

export const handler = createHttpFunction(system, {
  'testsigma.createSchedule': testsigma.createCreateSchedule(services),
  'testsigma.listSchedules': testsigma.createListSchedules(services),
  'testsigma.getSchedule': testsigma.createGetSchedule(services),
  'testsigma.updateSchedule': testsigma.createUpdateSchedule(services),
  'testsigma.deleteSchedule': testsigma.createDeleteSchedule(services),
  'native.listSchedules': native.createListSchedules(services),
  'native.createSchedule': native.createCreateSchedule(services),
  'native.previewTiming': createPreviewTiming(services),
  'native.getSchedule': native.createGetSchedule(services),
  'native.updateSchedule': native.createUpdateSchedule(services),
  'native.deleteSchedule': native.createDeleteSchedule(services),
  'native.pauseSchedule': native.createPauseSchedule(services),
  'native.resumeSchedule': native.createResumeSchedule(services),
  'native.listOccurrences': native.createListOccurrences(services),
  'native.previewSchedule': createPreviewSchedule(services),
} satisfies Handlers<'schedules'>);
