import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { createEgress } from '../adapters/egress.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import { executorSettings } from '../core/executor-settings.ts';
import { parse } from '../core/schema.ts';
import { settingsOf } from '../core/settings-of.ts';
import { plural } from '../core/words.ts';
import { createScenarioNames } from '../executors/testinium/read-results.ts';
import { createTenant } from '../executors/testinium/tenant.ts';
import { type Imported, type LeftOut, settlePlans } from './import/imported-plan.ts';
import { type WrittenPlan, writePlanFiles } from './import/plan-files.ts';
import { importTestinium } from './import/testinium.ts';
import { importTestsigma } from './import/testsigma.ts';
import { createTestsigmaReader } from './import/testsigma-reader.ts';
import { readVariable } from './options.ts';
import { createTerminal, plain } from './terminal.ts';

interface Flags {
  readonly url: string;
  readonly keyFrom: string;
  readonly reference?: string;
  readonly plan?: readonly string[];
  readonly project?: string;
  readonly out: string;
  readonly cases: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

interface TestsigmaFlags extends Flags {
  readonly applicationVersion?: string;
}

interface TestiniumFlags extends Flags {
  readonly username: string;
  readonly accessKey?: boolean;
  readonly variant: 'cloud' | 'enterprise';
  readonly tokenUrl?: string;
  readonly company?: string;
  readonly clientId?: string;
  readonly clientSecretFrom?: string;
  readonly clientReference?: string;
}

/** `plans import testsigma` and `plans import testinium`. */
export function addImportCommands(plans: Command): void {
  const imports = plans
    .command('import')
    .description('plan files from a tenant of Testsigma or Testinium, or another Proctor');

  withOutput(
    imports
      .command('testsigma')
      .description('a file for each plan that runs it in the tenant; schedules come paused, nothing changes there')
      .option('--url <url>', 'where the tenant is', 'https://app.testsigma.com')
      .option('--key-from <variable>', 'environment variable with its API key', 'TESTSIGMA_KEY')
      .option('--application-version <id>', 'plans of this one, where the tenant wants to be told'),
  ).action(async (flags: TestsigmaFlags) => {
    const { url, keyFrom, applicationVersion, project, plan: planIds, cases } = flags;
    const tenant = createTestsigmaReader(url, readVariable('--key-from', keyFrom), keyFrom);
    const apiKey = flags.reference ?? `env:${keyFrom}`;
    parse(executorSettings, { type: 'testsigma', url, apiKey, testPlanId: 1 });
    const now = Date.now();
    await finish(
      await importTestsigma(tenant, { url, apiKey, project, applicationVersion, planIds, cases, now }),
      flags,
    );
  });

  withOutput(
    imports
      .command('testinium')
      .description('a file for each plan that runs it in the tenant; nothing changes there')
      .requiredOption('--url <url>', 'what comes before /Testinium.RestApi')
      .requiredOption('--username <name>', 'a user of its own, whom the plans will log in as, too')
      .option('--key-from <variable>', "environment variable with the user's password", 'TESTINIUM_PASSWORD')
      .option('--access-key', 'it is an access key instead')
      .addOption(new Option('--variant <variant>').choices(['cloud', 'enterprise']).default('cloud'))
      .option('--token-url <url>', 'where tokens are, if on another host')
      .option('--company <id>', "if it is not the user's own")
      .option('--client-id <id>', 'where the token endpoint asks who calls')
      .option('--client-secret-from <variable>', 'environment variable with its secret')
      .option('--client-reference <reference>', 'where the server finds that'),
  ).action(async (flags: TestiniumFlags) => {
    const { executor, settings, secrets } = readTestiniumFlags(flags);
    const egress = createEgress({ allowHttp: true, allowPrivate: ['0.0.0.0/0', '::/0'], ports: 'any' });
    const tenant = createTenant({ egress, secrets, now: Date.now, newId: randomUUID });
    const namesOf = createScenarioNames(tenant, Date.now);
    const { project, plan: planIds, cases } = flags;
    try {
      await finish(
        await importTestinium(tenant, namesOf, { settings, executor, project, planIds, cases, now: Date.now }),
        flags,
      );
    } catch (error) {
      if (!isServiceError(error, 'EXECUTOR_REFUSED')) throw error;
      // The caller's own login or address, which exit code 4 stands for.
      throw new ServiceError('UNAUTHORIZED', `${error.message} The secret is from ${flags.keyFrom}.`, { cause: error });
    }
  });
}

function withOutput(command: Command): Command {
  return command
    .option(
      '--reference <reference>',
      'where the server finds that secret, as ssm:/proctor/<name>; env:<variable> unless given',
    )
    .option('--plan <id...>', "just these, by the tenant's ids")
    .option('--project <name>', 'project of the plans here')
    .option('--out <directory>', 'where the files go', '.')
    .option('--no-cases', 'declare no suites, cases and machines')
    .option('--force', 'overwrite files that are there')
    .option('--json', 'as JSON');
}

async function finish(imported: Imported, { out, force = false, json }: Flags): Promise<void> {
  const { plans, leftOut } = settlePlans(imported);
  const written = await writePlanFiles(plans, out, force);
  const { print, say } = createTerminal();
  tellNotes(say, written, leftOut);
  if (json) print(JSON.stringify({ written, leftOut }));
  else for (const { file } of written) print(file);
  say(`${plural(written.length, 'file')}; read them, then proctor plans apply`);
}

function tellNotes(say: (line: string) => void, written: readonly WrittenPlan[], leftOut: readonly LeftOut[]): void {
  for (const { file, notes } of written)
    for (const note of notes) say(`${file}: not brought over: ${plain(note, 1000)}`);
  for (const { tenantPlanId, name, why } of leftOut)
    say(`plan ${tenantPlanId}${name === '' ? '' : ` (${plain(name)})`} was left out: ${plain(why, 1000)}`);
}

function readTestiniumFlags(flags: TestiniumFlags) {
  const { url, username, accessKey, variant, tokenUrl, company, clientId, clientSecretFrom } = flags;
  const secret = flags.reference ?? `env:${flags.keyFrom}`;
  const clientSecret =
    clientSecretFrom === undefined ? undefined : (flags.clientReference ?? `env:${clientSecretFrom}`);
  const executor = {
    type: 'testinium',
    url,
    username,
    [accessKey ? 'accessKey' : 'password']: secret,
    ...(variant === 'cloud' ? {} : { variant }),
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
    ...(company === undefined ? {} : { company: Number(company) }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
  };
  const settings = settingsOf('testinium', parse(executorSettings, { ...executor, planId: 1 }));
  const key = readVariable('--key-from', flags.keyFrom);
  const clientKey = clientSecretFrom === undefined ? '' : readVariable('--client-secret-from', clientSecretFrom);
  // A reference is for the server; this process has the secrets themselves.
  const secrets = { get: async (ref: string) => (ref === secret ? key : clientKey) };
  return { executor, settings, secrets };
}
