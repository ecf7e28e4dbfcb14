import * as z from 'zod/mini';
import { executorSettings } from '../../core/executor-settings.ts';
import { configBody, planSchema } from '../../core/plan.ts';
import { id, maxId } from '../../core/schema.ts';
import * as answers from './answer-schemas.ts';
import * as history from './history-schemas.ts';
import * as schedules from './schedule-schemas.ts';
import * as bodies from './schemas.ts';

type Names = ReturnType<typeof nameAll>;

/** Of what clients write: before defaults are filled in. */
const bodyNames = nameAll({
  PlanDocument: planSchema,
  Executor: executorSettings,
  TriggerBody: bodies.triggerBody,
  RerunBody: bodies.rerunBody,
  OverrideBody: bodies.overrideBody,
  ConfigBody: configBody,
  ResultsBody: bodies.resultsBody,
  EnvironmentBody: bodies.environmentBody,
  EnvironmentChange: bodies.environmentChange,
  ProjectBody: bodies.projectBody,
  KeyBody: bodies.keyBody,
  PingBody: bodies.pingBody,
  EventBody: bodies.eventBody,
  HookBody: bodies.hookBody,
  HookChange: bodies.hookChange,
  RotateHookBody: bodies.rotateHookBody,
  HookCall: bodies.hookCall,
  ScheduleBody: schedules.scheduleBody,
  ScheduleChange: schedules.scheduleChange,
  PreviewBody: schedules.previewBody,
});

/** Of what the service answers: defaults filled in, ids as numbers. */
const answerNames = nameAll({
  Plan: answers.planAnswer,
  /** An `Executor` with its defaults. */
  PlanExecutor: executorSettings,
  Plans: answers.plansAnswer,
  DryRun: answers.dryRunAnswer,
  Config: answers.configAnswer,
  Configs: answers.configsAnswer,
  Run: answers.runAnswer,
  Runs: answers.runsAnswer,
  Cases: answers.casesAnswer,
  Overrides: answers.overridesAnswer,
  History: history.historyAnswer,
  CaseHistory: history.caseHistoryAnswer,
  Attempts: answers.attemptsAnswer,
  Explanation: answers.explainAnswer,
  Environment: answers.environmentAnswer,
  Environments: answers.environmentsAnswer,
  Schedule: answers.scheduleAnswer,
  Schedules: answers.schedulesAnswer,
  Occurrences: answers.occurrencesAnswer,
  SchedulePreview: answers.previewAnswer,
  Project: answers.projectAnswer,
  Projects: answers.projectsAnswer,
  Delivery: answers.deliveryAnswer,
  Deliveries: answers.deliveriesAnswer,
  Pings: answers.pingsAnswer,
  CallbackSecrets: answers.callbackSecretsAnswer,
  Event: answers.eventAnswer,
  Hook: answers.hookAnswer,
  Hooks: answers.hooksAnswer,
  NewHook: answers.newHookAnswer,
  HookCalls: answers.hookCallsAnswer,
  Key: answers.keyAnswer,
  ReceivedCall: answers.receivedAnswer,
  Keys: answers.keysAnswer,
  NewKey: answers.newKeyAnswer,
  Accepted: answers.acceptedAnswer,
  Look: answers.lookAnswer,
  Problem: answers.problemAnswer,
});

export const bodyRef = (schema: z.ZodMiniType) => refTo(bodyNames, schema);
export const answerRef = (schema: z.ZodMiniType) => refTo(answerNames, schema);

/** OpenAPI 3.1 is JSON Schema 2020-12, so nothing is translated. */
export function toComponents(): Record<string, unknown> {
  return { ...toSchemas(bodyNames, 'input'), ...toSchemas(answerNames, 'output') };
}

/** How an id is written: a number, or its digits as text. What reads it is a transformation, which says nothing of the kind. */
export function describeId({ zodSchema, jsonSchema, io }: Described): void {
  if (zodSchema !== id) return;
  const number = { type: 'integer', minimum: 1, maximum: maxId } as const;
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
  Object.assign(
    jsonSchema,
    io === 'output' ? number : { anyOf: [number, { type: 'string', pattern: '^[0-9]{1,10}$' }] },
  );
}

interface Described {
  readonly zodSchema: unknown;
  readonly jsonSchema: Record<string, unknown>;
  readonly io: 'input' | 'output';
}

function nameAll(schemas: Readonly<Record<string, z.ZodMiniType>>) {
  const names = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) names.add(schema, { id });
  return names;
}

const uriOf = (id: string): string => `#/components/schemas/${id}`;

function refTo(names: Names, schema: z.ZodMiniType): { $ref: string } {
  const name = names.get(schema)?.id;
  if (name === undefined) throw new Error('a schema of the API has no name');
  return { $ref: uriOf(name) };
}

function toSchemas(names: Names, io: 'input' | 'output'): Record<string, unknown> {
  const { schemas } = z.toJSONSchema(names, {
    io,
    unrepresentable: 'any',
    uri: uriOf,
    override: ({ zodSchema, jsonSchema }) => describeId({ zodSchema, jsonSchema, io }),
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  );
}
