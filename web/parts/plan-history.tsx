import { count, duration } from '../core/format.ts';
import { marks } from '../core/marks.ts';
import { standings } from '../core/results.ts';
import { href, setQuery } from '../core/router.ts';
import { medianOf, type RunPoint, toPoints } from '../core/run-points.ts';
import { durationTicks, percent, writeTick } from '../core/scale.ts';
import type { History } from '../core/use-plan.ts';
import { RunChart } from './run-chart.tsx';

const windows = [10, 30, 100] as const;
const shares = [0, 0.5, 1];

/** How the newest completed runs ended and how long they took, drawn and as a table. */
export function PlanHistory({ history, asked }: { readonly history: History; readonly asked: number }) {
  const points = toPoints(history.runs);
  const longest = Math.max(1, ...points.map(({ durationMs }) => durationMs ?? 0));
  const newest = points.at(-1);
  const median = medianOf(points);
  return (
    <section aria-labelledby="history">
      <div class="section-row">
        <h2 id="history">
          History <span class="dim">{windowOf(history, points.length)}</span>
        </h2>
        <fieldset class="chips">
          <legend class="visually-hidden">How many runs</legend>
          {windows.map((runs) => (
            <button
              key={runs}
              type="button"
              class="chip"
              aria-pressed={asked === runs}
              onClick={() => setQuery({ runs: runs === 30 ? null : String(runs) })}
            >
              {runs}
            </button>
          ))}
        </fieldset>
      </div>
      <div class="charts">
        <RunChart
          name="Pass rate"
          figure={newest?.passRate == null ? '' : `${percent(newest.passRate)} in the newest run`}
          points={points}
          read={({ passRate }) => passRate}
          ticks={shares}
          write={percent}
        />
        <RunChart
          name="Duration"
          figure={median === null ? '' : `median ${duration(median)}`}
          points={points}
          read={({ durationMs }) => durationMs}
          ticks={durationTicks(longest)}
          write={writeTick}
        />
      </div>
      <Legend points={points} />
      <details class="folded">
        <summary>The same as a table</summary>
        <HistoryTable points={points} />
      </details>
    </section>
  );
}

function windowOf({ window }: History, runs: number): string {
  return window.complete ? `all ${count(runs, 'completed run')}` : `the newest ${count(runs, 'completed run')}`;
}

/** Which results there are, and how each is marked. */
function Legend({ points }: { readonly points: readonly RunPoint[] }) {
  const kinds = Object.values(standings).filter(({ word }) => points.some((point) => point.word === word));
  return (
    <ul class="legend" aria-label="How results are marked">
      {kinds.map(({ word, tone }) => (
        <li key={word} class={tone}>
          <svg viewBox="-1 -1 18 18" aria-hidden="true" focusable="false">
            <path d={marks[tone]} />
          </svg>
          {word} <span class="dim">{points.filter((point) => point.word === word).length}</span>
        </li>
      ))}
    </ul>
  );
}

/** Newest first, as people read. */
function HistoryTable({ points }: { readonly points: readonly RunPoint[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="table-box" aria-label="Completed runs, newest first" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Result</th>
            <th scope="col">Passed</th>
            <th scope="col">Pass rate</th>
            <th scope="col">Duration</th>
            <th scope="col">Build</th>
            <th scope="col">Ended</th>
          </tr>
        </thead>
        <tbody>
          {[...points].reverse().map((point) => (
            <tr key={point.id}>
              <th scope="row">
                <a href={href(`/runs/${point.id}`)}>#{point.id}</a>
              </th>
              <td>{point.word}</td>
              <td>{point.total === null ? '' : `${point.passed} of ${point.total}`}</td>
              <td>{point.passRate === null ? '' : percent(point.passRate)}</td>
              <td>{point.durationMs === null ? '' : duration(point.durationMs)}</td>
              <td>{point.buildNo ?? ''}</td>
              <td>{point.when}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
