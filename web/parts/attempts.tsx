import { useState } from 'preact/hooks';
import { type Attempt, api, asProblem, getText, need, type Run } from '../api.ts';
import { count, duration, exactTime } from '../core/format.ts';
import { isLive } from '../core/results.ts';
import { useLive } from '../core/use-live.ts';
import { useReload } from '../core/use-reload.ts';
import { CodeBlock } from './code-block.tsx';
import { ExternalLink } from './external-link.tsx';
import { Notice } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';

const livePauseMs = 2_000;
/** Of a long output the end is shown. */
const shownOutput = 60_000;

/** Each dispatch of the run to its executor: why, what was asked for and what it made of it, and what it printed. */
export function Attempts({ run }: { readonly run: Run }) {
  const { data, problem, reload } = useLive(`attempts ${run.id}`, loadAttempts(run.id), () =>
    isLive(run) ? livePauseMs : null,
  );
  useReload(isLive(run) ? 'live' : String(run.version), reload);
  if (data === undefined) return problem ? <Notice problem={problem} /> : <Skeleton rows={4} />;
  return (
    <ol class="attempts">
      {data.map((attempt) => (
        <AttemptItem key={attempt.attempt} attempt={attempt} runId={run.id} />
      ))}
    </ol>
  );
}

function AttemptItem({ attempt, runId }: { readonly attempt: Attempt; readonly runId: number }) {
  const { purpose, dispatchedAt, endedAt, problem, requested, requestedCount, executing, links } = attempt;
  const took =
    dispatchedAt !== null && endedAt !== null ? duration(Date.parse(endedAt) - Date.parse(dispatchedAt)) : null;
  return (
    <li>
      <h2>
        Attempt {attempt.attempt} <span class="dim">{purpose}</span>
      </h2>
      <dl class="facts">
        <div>
          <dt>Requested</dt>
          <dd>{requestedCount === null ? 'everything' : count(requestedCount, 'case')}</dd>
        </div>
        <div>
          <dt>{endedAt === null ? 'Executing' : 'Executed'}</dt>
          <dd>{executing ?? (dispatchedAt === null ? 'not dispatched yet' : 'as requested')}</dd>
        </div>
        {dispatchedAt === null ? null : (
          <div>
            <dt>Dispatched</dt>
            <dd>
              <time dateTime={dispatchedAt}>{exactTime(Date.parse(dispatchedAt))}</time>
              {took === null ? '' : ` · took ${took}`}
            </dd>
          </div>
        )}
        {links.job === null ? null : (
          <div>
            <dt>Job</dt>
            <dd>
              <ExternalLink to={links.job}>Open where it runs</ExternalLink>
            </dd>
          </div>
        )}
      </dl>
      {problem === null ? null : (
        <p class="notice">
          {problem.message}{' '}
          <small class="dim">{problem.class === 'infrastructure' ? 'A fault of the infrastructure.' : ''}</small>
        </p>
      )}
      {requested !== null && requested.length > 0 ? (
        <details>
          <summary>The cases that were requested</summary>
          <ul class="names">
            {requested.map((name) => (
              <li key={name}>{name}</li>
            ))}
            {(requestedCount ?? 0) > requested.length ? (
              <li class="dim">and {(requestedCount ?? 0) - requested.length} more</li>
            ) : null}
          </ul>
        </details>
      ) : null}
      <Output runId={runId} attempt={attempt.attempt} />
    </li>
  );
}

function Output({ runId, attempt }: { readonly runId: number; readonly attempt: number }) {
  const [text, setText] = useState<string>();
  const [length, setLength] = useState(0);
  const load = async (isOpen: boolean) => {
    if (!isOpen) return;
    try {
      const path = `/v1/runs/${runId}/attempts/${attempt}/output`;
      const output = await getText(path, AbortSignal.timeout(30_000));
      setLength(output.length);
      setText(output === '' ? 'It printed nothing.' : output.slice(-shownOutput));
    } catch (error) {
      const { status, sentence } = asProblem(error);
      setText(status === 404 ? 'No output was kept: it is where the executor ran.' : sentence);
    }
  };
  return (
    <details onToggle={({ currentTarget }) => load(currentTarget.open)}>
      <summary>Output</summary>
      {length > shownOutput ? (
        <p class="dim">
          The last {shownOutput.toLocaleString('en')} of {count(length, 'character')}.
        </p>
      ) : null}
      <CodeBlock label={`Output of attempt ${attempt}`} text={text ?? 'Loading…'} />
    </details>
  );
}

function loadAttempts(runId: number) {
  return async (signal: AbortSignal) => {
    const { attempts } = await need(api.GET('/v1/runs/{runId}/attempts', { params: { path: { runId } }, signal }));
    return attempts;
  };
}
