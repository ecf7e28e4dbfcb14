import type * as z from 'zod/mini';
import type * as schemas from '../http/native/answer-schemas.ts';

/** What the native API answers, by the schemas of its document. */
export type RunAnswer = z.output<typeof schemas.runAnswer>;
export type CaseAnswer = z.output<typeof schemas.casesAnswer>['cases'][number];
export type ExplainAnswer = z.output<typeof schemas.explainAnswer>;
export type PlanAnswer = z.output<typeof schemas.planAnswer>;
export type PlanSummary = z.output<typeof schemas.plansAnswer>['plans'][number];
export type DryRunAnswer = z.output<typeof schemas.dryRunAnswer>;
export type EnvironmentAnswer = z.output<typeof schemas.environmentAnswer>;
export type HookAnswer = z.output<typeof schemas.newHookAnswer>;
export type HookCall = z.output<typeof schemas.hookCallsAnswer>['calls'][number];
export type KeyAnswer = z.output<typeof schemas.newKeyAnswer>;
export type DeliveryAnswer = z.output<typeof schemas.deliveryAnswer>;
