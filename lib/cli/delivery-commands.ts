import { type Command, Option } from 'commander';
import { deliveryStates } from '../core/delivery.ts';
import type { DeliveryAnswer } from './answers.ts';
import { connect } from './connect.ts';
import { findPlan, readPages, take } from './find.ts';
import { toCount } from './options.ts';
import { toTable } from './table.ts';
import { createTerminal } from './terminal.ts';

interface Flags {
  readonly json?: boolean;
  readonly plan?: string;
  readonly run?: number;
  readonly state?: DeliveryAnswer['state'];
  readonly limit: number;
}

/** `deliveries list` and `replay`. */
export function addDeliveryCommands(program: Command): void {
  const deliveries = program.command('deliveries').description('what was sent to subscribers, and what came of it');

  deliveries
    .command('list')
    .description('list deliveries, newest first')
    .option('--plan <plan>', 'of one plan: id, name, or project/name')
    .option('--run <run>', 'of one run', toCount)
    .addOption(new Option('--state <state>', 'of one state').choices(deliveryStates))
    .option('--limit <number>', 'how many at most', toCount, 50)
    .option('--json', 'as JSON')
    .action(async ({ plan, run, state, limit, json }: Flags) => {
      const api = await connect();
      const query = {
        limit: Math.min(limit, 200),
        ...(plan === undefined ? {} : { plan: (await findPlan(api, plan)).id }),
        ...(run === undefined ? {} : { run }),
        ...(state === undefined ? {} : { state }),
      };
      const deliveries = readPages(async (cursor) => {
        const { data } = await api.GET('/v1/deliveries', { params: { query: { ...query, ...cursor } } });
        return [data.deliveries, data.nextCursor];
      });
      const found = await take(deliveries, limit);
      createTerminal().print(json ? JSON.stringify(found) : describe(found));
    });

  deliveries
    .command('replay')
    .description('send a delivery again, and enable its subscription')
    .argument('<delivery>', 'its id')
    .option('--json', 'as JSON')
    .action(async (deliveryId: string, { json }: Pick<Flags, 'json'>) => {
      const api = await connect();
      const params = { path: { deliveryId } };
      const { data: delivery } = await api.POST('/v1/deliveries/{deliveryId}/replay', { params });
      createTerminal().print(json ? JSON.stringify(delivery) : describe([delivery]));
    });
}

function describe(deliveries: readonly DeliveryAnswer[]): string {
  const rows = deliveries.map(({ id, type, state, planId, runId, host, tries, attempts, createdAt }) => {
    const last = attempts.at(-1);
    return [id, createdAt, type, planId, runId, host, state, tries, last?.status ?? last?.code];
  });
  return toTable(['ID', 'CREATED', 'TYPE', 'PLAN', 'RUN', 'HOST', 'STATE', 'TRIES', 'LAST'], rows);
}
