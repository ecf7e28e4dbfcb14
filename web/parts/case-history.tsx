import { useEffect } from 'preact/hooks';
import { count, duration } from '../core/format.ts';
import { caseStandings } from '../core/results.ts';
import { href } from '../core/router.ts';
import { percent } from '../core/scale.ts';
import { type CaseHistory as History, useCaseHistory } from '../core/use-plan.ts';
import { ToneIcon } from './icon.tsx';
import { Notice } from './notice.tsx';
import { Since } from './since.tsx';
import { Skeleton } from './skeleton.tsx';
import { When } from './when.tsx';

type Result = History['results'][number];
type Lane = History['lanes'][number];

/** All a case did in the newest runs of its plan: a strip of its results, figures, and every result in words. */
export function CaseHistory({
  planId,
  caseId,
  planName,
}: {
  readonly planId: number;
  readonly caseId: number;
  readonly planName: string | undefined;
}) {
  const { data, problem } = useCaseHistory(planId, caseId);
  const name = data?.case.name;
  useEffect(() => {
    document.title = `${name ?? 'Case'} · Proctor`;
  }, [name]);
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={href('/plans')}>Plans</a> <span aria-hidden="true">/</span>{' '}
        <a href={href(`/plans/${planId}`)}>{planName ?? `Plan ${planId}`}</a>
      </nav>
      <Notice problem={problem} />
      {data === undefined && problem === undefined ? <Skeleton rows={5} /> : null}
      {data ? (
        <>
          <h1>{data.case.name}</h1>
          <p class="dim">{whereOf(data)}</p>
          {data.lanes.map((lane) => (
            <LaneView key={lane.machine} lane={lane} results={ofLane(data, lane)} />
          ))}
          {data.results.length === 0 ? (
            <p class="empty dim">No completed run has executed it yet.</p>
          ) : (
            <ResultTable results={data.results} />
          )}
        </>
      ) : null}
    </>
  );
}

function whereOf({ case: { suite, className }, window }: History): string {
  const where = [suite, className === suite ? '' : className].filter(Boolean).join(' · ');
  return `${where} · in ${window.complete ? 'all' : 'the newest'} ${count(window.runs, 'completed run')}`;
}

/** Oldest first, as time goes. */
function ofLane({ results }: History, { machine }: Lane): readonly Result[] {
  return results.filter((result) => result.machine === machine).reverse();
}

function LaneView({ lane, results }: { readonly lane: Lane; readonly results: readonly Result[] }) {
  const { machine, runs, passed, failed, flaky, flips, flakiness, medianMs, p95Ms, failingRuns } = lane;
  return (
    <section class="lane" aria-label={machine === null ? 'Results' : `Results on ${machine}`}>
      {machine === null ? null : <h2>{machine}</h2>}
      {failingRuns > 0 ? (
        <p class="reason">
          Failing <Since {...lane} />.
        </p>
      ) : (
        <p class="reason">{runs > 0 ? 'It passed when it was last executed.' : 'It has not been executed.'}</p>
      )}
      <ol class="strip" aria-label="Results, oldest first">
        {results.map((result) => (
          <Square key={result.runId} result={result} />
        ))}
      </ol>
      <dl class="facts">
        <Figure name="Executed in" value={count(runs, 'run')} />
        <Figure name="Passed" value={String(passed)} />
        <Figure name="Failed" value={String(failed)} />
        <Figure name="Passed when repeated" value={String(flaky)} />
        <Figure name="Changed" value={count(flips, 'time')} />
        <Figure name="Flakiness" value={percent(flakiness)} />
        {medianMs === null ? null : <Figure name="Median" value={duration(medianMs)} />}
        {p95Ms === null ? null : <Figure name="95 % within" value={duration(p95Ms)} />}
      </dl>
    </section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Square({ result: { runId, result, flaky, durationMs, buildNo } }: { readonly result: Result }) {
  const { word, tone } = standingOf(result);
  const text = [
    `Run #${runId}: ${word.toLowerCase()}${flaky ? ', flaky' : ''}`,
    durationMs > 0 ? duration(durationMs) : '',
    buildNo === null ? '' : `build ${buildNo}`,
  ].filter(Boolean);
  return (
    <li>
      <a class={`square ${tone} ${flaky ? 'flaky' : ''}`} href={href(`/runs/${runId}`)} title={text.join(', ')}>
        <ToneIcon tone={tone} />
        <span class="visually-hidden">{text.join(', ')}</span>
      </a>
    </li>
  );
}

/** Newest first, as people read. */
function ResultTable({ results }: { readonly results: readonly Result[] }) {
  const hasMachines = results.some(({ machine }) => machine !== null);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="table-box" aria-label="Results, newest first" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Result</th>
            {hasMachines ? <th scope="col">Machine</th> : null}
            <th scope="col">Duration</th>
            <th scope="col">Build</th>
            <th scope="col">Ended</th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {results.map(({ runId, result, flaky, machine, durationMs, buildNo, endedAt, message }) => (
            <tr key={`${runId} ${machine}`}>
              <th scope="row">
                <a href={href(`/runs/${runId}`)}>#{runId}</a>
              </th>
              <td class={standingOf(result).tone}>
                <span class="verdict">
                  <ToneIcon tone={standingOf(result).tone} />
                  {standingOf(result).word}
                </span>{' '}
                {flaky ? <span class="mark">flaky</span> : null}
              </td>
              {hasMachines ? <td>{machine}</td> : null}
              <td>{durationMs > 0 ? duration(durationMs) : ''}</td>
              <td>{buildNo ?? ''}</td>
              <td>{endedAt === null ? '' : <When at={endedAt} />}</td>
              <td class="message">{message?.trimStart().split('\n', 1)[0]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function standingOf(result: Result['result']) {
  return caseStandings.find((each) => each.result === result) ?? { word: result, tone: 'quiet' as const };
}
