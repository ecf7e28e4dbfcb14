import type { Condition, SavedConfig } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import type { Handler } from '../message.ts';
import { answerJson } from './answer.ts';
import { listVisiblePlans } from './list-plans.ts';

/**
 * `GET /api/v1/saved_execution_configs` (contracts/testsigma.md 3.7): the saved selections of all plans the key may see, a
 * plain array by id.
 */
export function createListConfigs(services: Services): Handler {
  return async (_, principal) => {
    const found = await listVisiblePlans(services, principal, ({ configs }) => configs);
    return answerJson(
      found
        .flat()
        .sort((a, b) => a.id - b.id)
        .map(toConfigObject),
    );
  };
}

function toConfigObject({ id, name, query }: SavedConfig) {
  return {
    id,
    name,
    query: toQueryText(query),
    executionConfigType: 'SAVED_CONFIG',
    executionConfigCondition: query.every(({ operation }) => operation === 'NOT_IN') ? 'EXCLUDED' : 'INCLUDED',
    createdByUser: null,
  };
}

/** JSON as the seed prints it: a blank after each comma and colon outside of strings. */
function toQueryText(query: readonly Condition[]): string {
  const conditions = query.map(({ key, value, operation }) => {
    const values = value.map((each) => JSON.stringify(each)).join(', ');
    return `{"key": ${JSON.stringify(key)}, "value": [${values}], "operation": ${JSON.stringify(operation)}}`;
  });
  return `[${conditions.join(', ')}]`;
}
