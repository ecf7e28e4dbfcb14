import { appendFile } from 'node:fs/promises';
import type { ApiClient } from '../client/api-client.ts';
import { ServiceError } from '../core/errors.ts';
import type { CaseAnswer, RunAnswer } from './answers.ts';
import { describeDuration } from './duration.ts';
import { plain } from './terminal.ts';

const mostShown = 50;

/** Where GitHub Actions takes the summary of a job. VALIDATION_FAILED outside of it. */
export function summaryFile(env: NodeJS.ProcessEnv = process.env): string {
  const file = env.GITHUB_STEP_SUMMARY;
  if (file) return file;
  const message =
    '--github-summary works in a job of GitHub Actions: GITHUB_STEP_SUMMARY is not set. Leave it out here';
  throw new ServiceError('VALIDATION_FAILED', message);
}

/** Adds how the run ended to the summary of the job. */
export async function writeSummary(api: ApiClient, run: RunAnswer, file: string): Promise<void> {
  const query = { result: ['failed' as const, 'errored' as const, 'blocked' as const], limit: mostShown };
  const { data } = await api.GET('/v1/runs/{runId}/cases', { params: { path: { runId: run.id }, query } });
  await appendFile(file, toMarkdown(run, data.cases, data.nextCursor !== null));
}

/** Names and messages are text of others: nothing in them is read as Markdown or HTML. */
export function toMarkdown(run: RunAnswer, cases: readonly CaseAnswer[], more: boolean): string {
  const { counts } = run;
  const took = run.endedAt === null ? undefined : Date.parse(run.endedAt) - Date.parse(run.createdAt);
  const columns = (['total', 'passed', 'failed', 'errored', 'skipped', 'flaky'] as const).filter(
    (name) => name === 'total' || (counts?.[name] ?? 0) > 0,
  );
  const lines = [
    `### ${run.result === 'passed' ? '✅' : '❌'} ${literal(run.planName)}: ${literal(run.result ?? run.status)}`,
    '',
    literal(run.explanation ?? ''),
    '',
  ];
  if (counts !== null) {
    const row = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
    lines.push(row(columns), row(columns.map(() => '---:')), row(columns.map((name) => counts[name])), '');
  }
  if (cases.length > 0) {
    lines.push('| case | result | message |', '| --- | --- | --- |');
    for (const { suite, name, result, message } of cases)
      lines.push(`| ${literal(`${suite} › ${name}`)} | ${literal(result)} | ${literal(message ?? '')} |`);
    lines.push(
      '',
      ...(more ? [`These are the first ${mostShown}; \`proctor explain ${run.id}\` knows the others.`, ''] : []),
    );
  }
  const duration = took === undefined ? '' : `, took ${describeDuration(took)}`;
  lines.push(`Run ${run.id}, attempt ${run.attempt}${duration}.`, '');
  return `${lines.join('\n')}\n`;
}

function literal(text: string): string {
  return plain(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~@-]/g, (character) => `&#${character.charCodeAt(0)};`);
}
