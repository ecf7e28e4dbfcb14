import { createApiClient } from '../client/api-client.ts';
import { startLocal } from '../local.ts';
import { applySamplePlan } from './sample-plan.ts';
import { colorsOf } from './terminal.ts';

export interface DevOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
}

/** Starts the embedded system and stays until it is interrupted. What to do next goes to stdout. */
export async function dev(options: DevOptions): Promise<void> {
  const system = await startLocal(options);
  const planId = await applySamplePlan(createApiClient(system.url, system.adminKey.token));
  const { token, created } = system.adminKey;
  const key = created ? token : `$(cat ${options.dataDirectory}/admin.key)`;
  const pc = colorsOf(process.stdout);
  const lines = [
    `${pc.bold('proctor')}  ${system.url}`,
    created
      ? `  api key      ${pc.bold(token)}\n               all rights, shown only now; the local command line finds it in ${options.dataDirectory}/admin.key`
      : `  api key      the administrator's was shown on the first start; it is in ${options.dataDirectory}/admin.key`,
    `  sample plan  ${planId} storefront (12 cases, 1 flaky, 1 data-driven)`,
    '  try it       a run, by the Testsigma API:',
    `    curl -sX POST ${system.url}/api/v1/execution_results -H "Authorization: Bearer ${key}" -H 'Content-Type: application/json' -d '{"executionId":"${planId}"}'`,
    '  stop it      Ctrl-C; nothing is lost, the next start goes on',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  await interrupted();
  await system.close();
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
