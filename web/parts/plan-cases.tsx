import type { ComponentChildren } from 'preact';
import { executionIn } from '../core/execution.ts';
import { count, duration } from '../core/format.ts';
import { caseStandings } from '../core/results.ts';
import { href } from '../core/router.ts';
import { percent } from '../core/scale.ts';
import type { History } from '../core/use-plan.ts';
import { ToneIcon } from './icon.tsx';
import { Since } from './since.tsx';

type Cases = History['cases'];

/** Cases that ask for somebody: what fails and since when, what changes its mind, what takes long. */
export function PlanCases({ history }: { readonly history: History }) {
  const { cases, plan, window } = history;
  const { failing, failingTotal, flakiest, slowest } = cases;
  const silence = silences[executionIn(history)];
  const more = failingTotal > failing.length ? `${failing.length} of ${failingTotal}` : String(failingTotal);
  return (
    <>
      {window.casesOf > 0 && window.casesOf < window.runs ? (
        <p class="dim">
          The figures of cases cover the newest {count(window.casesOf, 'run')}: earlier ones are too long.
        </p>
      ) : null}
      <section aria-labelledby="failing">
        <h2 id="failing">
          Failing now <span class="dim">{failingTotal === 0 ? '' : more}</span>
        </h2>
        {failing.length === 0 ? <p class="dim">{silence.failing}</p> : null}
        <ul class="case-lines">
          {failing.map((each) => (
            <Line
              key={keyOf(each)}
              planId={plan.id}
              of={each}
              sign={<Sign result={each.result} />}
              message={each.message}
            >
              <Since {...each} />
            </Line>
          ))}
        </ul>
      </section>
      <div class="halves">
        <section aria-labelledby="flakiest">
          <h2 id="flakiest">Flakiest</h2>
          {flakiest.length === 0 ? <p class="dim">{silence.flakiest}</p> : null}
          <ul class="case-lines">
            {flakiest.map((each) => (
              <Line key={keyOf(each)} planId={plan.id} of={each}>
                <b>{percent(each.flakiness)}</b> <span class="dim">{mindOf(each)}</span>
              </Line>
            ))}
          </ul>
        </section>
        <section aria-labelledby="slowest">
          <h2 id="slowest">Slowest</h2>
          {slowest.length === 0 ? <p class="dim">No durations have been reported.</p> : null}
          <ul class="case-lines">
            {slowest.map((each) => (
              <Line key={keyOf(each)} planId={plan.id} of={each}>
                <b>{timeOf(each.medianMs)}</b>{' '}
                <span class="dim">
                  median · 95 % within {timeOf(each.p95Ms)} · {count(each.runs, 'run')}
                </span>
              </Line>
            ))}
          </ul>
        </section>
      </div>
    </>
  );
}

/** What an empty list means: silence is good news only of what was executed. */
const silences = {
  some: {
    failing: 'Nothing: every case passed when it was last executed.',
    flakiest: 'Nothing: no case changed its mind more than once.',
  },
  none: {
    failing: 'No case has been executed in these runs.',
    flakiest: 'No case has been executed in these runs.',
  },
  unknown: {
    failing: 'Not known: the cases of the newest run are too many.',
    flakiest: 'Not known: the cases of the newest run are too many.',
  },
} as const;

/** A case in a line, with a link to all it did. */
function Line({
  planId,
  of,
  sign,
  message,
  children,
}: {
  readonly planId: number;
  readonly of: Pick<Cases['failing'][number], 'id' | 'name' | 'suite' | 'className' | 'machine'>;
  readonly sign?: ComponentChildren;
  readonly message?: string | null;
  readonly children: ComponentChildren;
}) {
  const { id, name, suite, className, machine } = of;
  return (
    <li>
      {sign}
      <a class="name" href={href(`/plans/${planId}?case=${id}`)}>
        {name}
      </a>
      <span class="where">{[suite, className === suite ? '' : className, machine].filter(Boolean).join(' · ')}</span>
      <span class="figure">{children}</span>
      {message ? <span class="message">{message.trimStart().split('\n', 1)[0]}</span> : null}
    </li>
  );
}

function Sign({ result }: { readonly result: string }) {
  const standing = caseStandings.find((each) => each.result === result);
  return <ToneIcon tone={standing?.tone ?? 'bad'} label={standing?.word ?? result} />;
}

function keyOf({ id, machine }: { readonly id: number; readonly machine: string | null }): string {
  return machine === null ? String(id) : `${id} ${machine}`;
}

function timeOf(ms: number | null): string {
  return ms === null ? '–' : duration(ms);
}

function mindOf({ flaky, flips, runs }: Cases['flakiest'][number]): string {
  const parts = [
    flaky > 0 ? `passed only when repeated in ${flaky}` : '',
    flips > 0 ? `changed ${count(flips, 'time')}` : '',
  ].filter(Boolean);
  return `${parts.join(', ')} of ${count(runs, 'run')}`;
}
