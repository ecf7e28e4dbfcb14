import { Command, InvalidArgumentError } from 'commander';
import { addCompleteCommand, answerCompletion } from '../lib/cli/complete-command.ts';
import { chooseProfile } from '../lib/cli/connect.ts';
import { addDeliveryCommands } from '../lib/cli/delivery-commands.ts';
import { addDoctorCommand } from '../lib/cli/doctor-command.ts';
import { exitCodeOfError, exitCodes } from '../lib/cli/exit-code.ts';
import { addHistoryCommands } from '../lib/cli/history-commands.ts';
import { addHookCommands } from '../lib/cli/hook-commands.ts';
import { addKeyCommands } from '../lib/cli/key-commands.ts';
import { addPlanCommands } from '../lib/cli/plan-commands.ts';
import { addProfileCommands } from '../lib/cli/profile-commands.ts';
import { addRunCommands } from '../lib/cli/run-commands.ts';
import { addScheduleCommands } from '../lib/cli/schedule-commands.ts';
import { plainLines } from '../lib/cli/terminal.ts';
import { isServiceError } from '../lib/core/errors.ts';

const program = new Command('proctor').description('Test plan runs as a service, embedded on this machine or on AWS');
// Before any command is made: each takes it over from the program.
program
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.usage))
  .showHelpAfterError('(--help says more)')
  .option('--profile <name>', 'which Proctor, by a name of proctor profiles')
  .hook('preAction', () => chooseProfile(program.opts<{ profile?: string }>().profile));

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

addRunCommands(program);
addHistoryCommands(program);
addPlanCommands(program);
addScheduleCommands(program);
addHookCommands(program);
addKeyCommands(program);
addDeliveryCommands(program);
addProfileCommands(program);
addDoctorCommand(program);
addCompleteCommand(program);

program.addHelpText(
  'after',
  `
Exit codes: 0 passed, 1 failed, 2 interrupted, 3 infrastructure, 4 usage or key, 5 no tests, 6 waited in vain, 7 already running
Which Proctor say --profile, else PROCTOR_URL and PROCTOR_KEY, else PROCTOR_PROFILE; without them it is the embedded one, on
PROCTOR_PORT with PROCTOR_DATA.`,
);

// Whoever reads may stop reading, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const [, , first, second, ...words] = process.argv;

try {
  if (first === 'complete' && second === '--') {
    await answerCompletion(program, words);
    process.exit();
  }
  await program.parseAsync();
} catch (error) {
  // 1 would say that tests failed.
  process.exitCode = isServiceError(error) ? exitCodeOfError(error) : exitCodes.infrastructure;
  const message = isServiceError(error) ? error.message : String((error as Error)?.stack ?? error);
  // It may quote names that others gave.
  process.stderr.write(`proctor: ${plainLines(message)}\n`);
}

function toPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('must be a port from 0 to 65535');
}
