import type { components } from '../client/api-types.ts';

type Schemas = components['schemas'];

/** What the native API answers, by the types of its document. */
export type RunAnswer = Schemas['Run'];
export type CaseAnswer = Schemas['Cases']['cases'][number];
export type ExplainAnswer = Schemas['Explanation'];
export type PlanAnswer = Schemas['Plan'];
export type PlanSummary = Schemas['Plans']['plans'][number];
export type DryRunAnswer = Schemas['DryRun'];
export type HookAnswer = Schemas['NewHook'];
export type HookCall = Schemas['HookCalls']['calls'][number];
export type KeyAnswer = Schemas['NewKey'];
export type DeliveryAnswer = Schemas['Delivery'];
export type ScheduleAnswer = Schemas['Schedule'];
export type PreviewAnswer = Schemas['SchedulePreview'];
