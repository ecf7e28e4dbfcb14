#!/usr/bin/env -S npx tsx
import { Command, InvalidArgumentError } from 'commander';
import { isServiceError } from '../lib/core/errors.ts';

/** Exit codes: 0 passed, 1 failed, 3 infrastructure, 4 usage. */
const program = new Command('proctor').description('Test plan runs as a service, embedded on this machine or on AWS');

program
  .command('dev')
  .description('start the embedded system and stay')
  .option('--host <address>', 'address to listen on', process.env.PROCTOR_HOST ?? '127.0.0.1')
  .option(
    '--port <number>',
    'port to listen on, 0 takes a free one',
    toPort,
    toPort(process.env.PROCTOR_PORT ?? '4010'),
  )
  .option('--data <directory>', 'where everything is kept', process.env.PROCTOR_DATA ?? '.proctor')
  .action(async ({ host, port, data }) => {
    const { dev } = await import('../lib/cli/dev.ts');
    await dev({ host, port, dataDirectory: data });
  });

program
  .command('demo')
  .description('do the whole job once with the sample plan, then clean up')
  .action(async () => {
    const { demo } = await import('../lib/cli/demo.ts');
    process.exitCode = await demo();
  });

program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 4));

try {
  await program.parseAsync();
} catch (error) {
  if (!isServiceError(error)) throw error;
  process.stderr.write(`proctor: ${error.message}\n`);
  process.exitCode = 3;
}

function toPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('must be a port from 0 to 65535');
}
