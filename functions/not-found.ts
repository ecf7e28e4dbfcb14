import { createForward } from '../lib/adapters/forward.ts';
import { createInvoke } from '../lib/adapters/lambda.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';

const system = createAwsSystem(process.env);
const invoke = createInvoke(system.config);
const variableOf = (name: string): string => `FUNCTION_${name.replaceAll('-', '_').toUpperCase()}`;

/** `$default`: other spellings of a path, 404 and 405. */
export const handler = createForward({
  invoke: (name, payload) => invoke(process.env[variableOf(name)] ?? '', payload),
  refuse: createHttpFunction(system, {}),
});
