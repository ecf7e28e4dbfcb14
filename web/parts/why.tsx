import { api, type Explanation, need, type Run } from '../api.ts';
import { exactTime } from '../core/format.ts';
import { isLive, type Tone } from '../core/results.ts';
import { setQuery } from '../core/router.ts';
import { useLive } from '../core/use-live.ts';
import { useReload } from '../core/use-reload.ts';
import { ToneIcon } from './icon.tsx';
import { Notice } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';

type Step = Explanation['steps'][number];

const livePauseMs = 3_000;
const tones: Readonly<Record<string, Tone>> = {
  failed: 'bad',
  blocked: 'broken',
  missing: 'broken',
  deadline: 'waiting',
  waits: 'waiting',
  attempt: 'busy',
  stop: 'quiet',
  flaky: 'quiet',
};

/** What happened, in sentences: the answer to “why is it red?”. */
export function Why({ run }: { readonly run: Run }) {
  const { data, problem, reload } = useLive(`explain ${run.id}`, loadExplanation(run.id), () =>
    isLive(run) ? livePauseMs : null,
  );
  useReload(isLive(run) ? 'live' : String(run.version), reload);
  if (data === undefined) return problem ? <Notice problem={problem} /> : <Skeleton rows={4} />;
  return (
    <section class="why" aria-label="What happened">
      <p class="sentence">{data.sentence}</p>
      <ol>
        {data.steps.map((step, i) => (
          <li key={i}>
            <ToneIcon tone={toneOf(step, data)} />
            <div>
              <p>{step.sentence}</p>
              {step.at === null ? null : (
                <time class="dim" dateTime={step.at}>
                  {exactTime(Date.parse(step.at))}
                </time>
              )}
              <Cases step={step} />
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The cases a step is about; each leads to where it stands in the list. */
function Cases({ step: { cases } }: { readonly step: Step }) {
  if (cases === undefined || cases.length === 0) return null;
  return (
    <ul class="names">
      {cases.map((name) => (
        <li key={name}>
          <button
            type="button"
            class="link"
            onClick={() => setQuery({ tab: null, show: null, q: lastPart(name) }, { replace: false })}
          >
            {name}
          </button>
        </li>
      ))}
    </ul>
  );
}

function lastPart(name: string): string {
  return name.split(/ › |::/).at(-1) ?? name;
}

function toneOf({ kind }: Step, { result }: Explanation): Tone {
  if (kind === 'ended') return result === 'passed' ? 'good' : result === 'failed' ? 'bad' : 'broken';
  return tones[kind] ?? 'quiet';
}

function loadExplanation(runId: number) {
  return (signal: AbortSignal) => need(api.GET('/v1/runs/{runId}/explain', { params: { path: { runId } }, signal }));
}
