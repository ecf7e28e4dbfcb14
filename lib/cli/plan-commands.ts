import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { PlanAnswer } from './answers.ts';
import { applyPlans, describeApplied, nothingApplied, readPlanFiles } from './apply-plans.ts';
import { connect } from './connect.ts';
import { findPlan, readPlans, take } from './find.ts';
import { addImportCommands } from './import-commands.ts';
import { toTable } from './table.ts';
import { createTerminal } from './terminal.ts';

interface Flags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly project?: string;
}

/** `plans apply`, `validate`, `list`, `show`, `delete` and `import`. */
export function addPlanCommands(program: Command): void {
  const plans = program.command('plans').description('plans as files: apply, validate, import, list, show, delete');
  addImportCommands(plans);

  plans
    .command('apply')
    .description('bring plans to what their files say; nothing is applied when one of them is broken')
    .argument('<file...>', 'YAML or JSON')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--json', 'as JSON')
    .action(async (files: readonly string[], { dryRun = false, json }: Flags) => {
      const terminal = createTerminal();
      const read = await readPlanFiles(terminal, files, nothingApplied);
      const applied = await applyPlans(await connect(), terminal, read, dryRun);
      if (json) terminal.print(JSON.stringify(applied));
      else
        read.forEach((plan, i) => {
          const one = applied[i];
          if (one !== undefined) terminal.print(describeApplied(one, plan));
        });
      if (dryRun) terminal.say('nothing was applied: --dry-run');
    });

  plans
    .command('validate')
    .description('say what is wrong with plan files, by line and column; asks no server')
    .argument('<file...>', 'YAML or JSON')
    .action(async (files: readonly string[]) => {
      const terminal = createTerminal();
      const read = await readPlanFiles(terminal, files);
      terminal.say(`${read.length} plan ${read.length === 1 ? 'file is' : 'files are'} valid`);
    });

  plans
    .command('list')
    .description('list plans')
    .option('--project <name>', 'of one project')
    .option('--json', 'as JSON')
    .action(async ({ project, json }: Flags) => {
      const api = await connect();
      const found = await take(readPlans(api, project === undefined ? {} : { project }));
      const rows = found.map((plan) => {
        const { id, project, name, executor, cases, version, enabled } = plan;
        return [id, project, name, executor.type, cases, version, enabled ? 'yes' : 'no'];
      });
      const table = toTable(['ID', 'PROJECT', 'NAME', 'EXECUTOR', 'CASES', 'VERSION', 'ENABLED'], rows);
      createTerminal().print(json ? JSON.stringify(found) : table);
    });

  plans
    .command('show')
    .description('print a plan as YAML that can be applied')
    .argument('<plan>', 'id, name, or project/name')
    .option('--json', 'as JSON, with its version')
    .action(async (wanted: string, { json }: Flags) => {
      const api = await connect();
      const { id: planId } = await findPlan(api, wanted);
      const { data: plan } = await api.GET('/v1/plans/{planId}', { params: { path: { planId } } });
      createTerminal().print(json ? JSON.stringify(plan) : stringify(documentOf(plan)).trimEnd());
    });

  plans
    .command('delete')
    .description('delete a plan; its runs stay readable')
    .argument('<plan>', 'id, name, or project/name')
    .action(async (wanted: string) => {
      const api = await connect();
      const { id, project, name } = await findPlan(api, wanted);
      await api.DELETE('/v1/plans/{planId}', { params: { path: { planId: id } } });
      createTerminal().say(`deleted ${project}/${name} (${id})`);
    });
}

function documentOf({ version, createdAt, updatedAt, createdBy, updatedBy, links, ...document }: PlanAnswer) {
  return document;
}
