import type { Case, Iteration } from '../api.ts';
import { duration } from '../core/format.ts';
import { caseStandings } from '../core/results.ts';
import { CodeBlock } from './code-block.tsx';
import { Copy } from './copy.tsx';
import { ToneIcon } from './icon.tsx';
import { When } from './when.tsx';

/** Everything that is known of a case: message, stack, iterations, and what people said of it. */
export function CaseDetails({ testCase, runId }: { readonly testCase: Case; readonly runId: number }) {
  const { suite, className, name, machine, message, details, overridden, iterations, attempt, flaky, result } =
    testCase;
  const line = `proctor rerun ${runId} --case ${quote(`${suite}::${name}`)}`;
  return (
    <div class="case-details">
      <p class="dim">
        {[suite, className === suite ? '' : className, machine ? `on ${machine}` : ''].filter(Boolean).join(' · ')}
        {attempt > 0 ? ` · attempt ${attempt}` : ''}
        {flaky ? ' · failed at first and passed when it was repeated' : ''}
      </p>
      {overridden ? (
        <p class="said">
          Overridden: the run itself says {wordOf(overridden.original).toLowerCase()}.
          {overridden.comment ? ` “${overridden.comment}”` : ''}{' '}
          <span class="dim">
            Key {overridden.by.keyId}, <When at={overridden.at} />
          </span>
        </p>
      ) : null}
      {message === null || details?.includes(message) ? null : <p class="message">{message}</p>}
      {message === null && details === null && iterations.length === 0 ? (
        <p class="dim">{silence[result] ?? 'It left no message.'}</p>
      ) : null}
      <Stack text={details} of={name} />
      {iterations.length > 0 ? (
        <ul class="iterations" aria-label={`Iterations of ${name}`}>
          {iterations.map((iteration) => (
            <IterationItem key={iteration.id} iteration={iteration} />
          ))}
        </ul>
      ) : null}
      <p class="again dim">
        From a terminal: <code>{line}</code> <Copy text={line} what="the command" />
      </p>
    </div>
  );
}

const silence: Readonly<Record<string, string>> = {
  passed: 'It passed without a message.',
  queued: 'It has not begun.',
  running: 'It is being executed.',
  notExecuted: 'The run ended before it was executed.',
};

function IterationItem({ iteration }: { readonly iteration: Iteration }) {
  const { name, result, durationMs, message, details, flaky } = iteration;
  const standing = caseStandings.find((each) => each.result === result);
  return (
    <li>
      <ToneIcon tone={standing?.tone ?? 'quiet'} label={standing?.word ?? result} />
      <span class="name">{name}</span>
      {flaky ? <span class="mark">flaky</span> : null}
      <span class="took">{duration(durationMs)}</span>
      {message === null ? null : <p class="message">{message}</p>}
      <Stack text={details} of={name} />
    </li>
  );
}

function Stack({ text, of }: { readonly text: string | null; readonly of: string }) {
  if (text === null) return null;
  return (
    <div class="stack">
      <Copy text={text} what={`the stack of ${of}`} />
      <CodeBlock label={`Stack of ${of}`} text={text} />
    </div>
  );
}

function wordOf(result: string): string {
  return caseStandings.find((each) => each.result === result)?.word ?? result;
}

/** As a shell takes it for one word. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
