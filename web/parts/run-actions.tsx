import { useRef, useState } from 'preact/hooks';
import { api, asProblem, isPassing, need, type Problem, type Run } from '../api.ts';
import { count } from '../core/format.ts';
import { failuresOf, isLive } from '../core/results.ts';
import { go } from '../core/router.ts';
import { useKeys } from '../core/use-keys.ts';
import { useRepeatKey } from '../core/use-repeat-key.ts';
import { StartRun } from './start-run.tsx';
import { StopRun } from './stop-run.tsx';

/** What can be done about a run: stop it while it lives; rerun what did not pass, what is picked, or everything after. */
export function RunActions({
  run,
  picked,
  onUnpick,
  onProblem,
  onChange,
}: {
  readonly run: Run;
  readonly picked: ReadonlySet<number>;
  readonly onUnpick: () => void;
  readonly onProblem: (problem: Problem | undefined) => void;
  readonly onChange: () => void;
}) {
  const [asked, ask] = useState<'stop' | 'start'>();
  const [busy, setBusy] = useState(false);
  const repeat = useRepeatKey();
  const first = useRef<HTMLButtonElement>(null);
  useKeys({ r: () => first.current?.focus() });

  const rerun = async (body: { which: 'failed' | 'all' } | { which: 'picked'; cases: { resultId: number }[] }) => {
    setBusy(true);
    onProblem(undefined);
    try {
      const header = { 'Idempotency-Key': repeat.keyOf(`${run.id} ${JSON.stringify(body)}`) };
      const call = api.POST('/v1/runs/{runId}/rerun', { params: { path: { runId: run.id }, header }, body });
      const { id } = await need(call);
      repeat.settle();
      go(`/runs/${id}`);
    } catch (error) {
      const refusal = asProblem(error);
      if (!isPassing(refusal)) repeat.settle();
      onProblem(refusal);
    } finally {
      setBusy(false);
    }
  };

  if (isLive(run)) {
    return (
      <>
        <button type="button" class="button danger" disabled={run.status === 'stopping'} onClick={() => ask('stop')}>
          {run.status === 'stopping' ? 'Stopping…' : 'Stop'}
        </button>
        {asked === 'stop' ? (
          <StopRun run={run} onClose={() => ask(undefined)} onProblem={onProblem} onChange={onChange} />
        ) : null}
      </>
    );
  }
  const failed = run.counts ? failuresOf(run.counts) : 0;
  return (
    <>
      {picked.size > 0 ? (
        <>
          <button type="button" class="button plain" onClick={onUnpick}>
            Clear
          </button>
          <button
            type="button"
            ref={first}
            class="button primary"
            disabled={busy}
            onClick={() => rerun({ which: 'picked', cases: [...picked].map((resultId) => ({ resultId })) })}
          >
            Rerun {count(picked.size, 'picked case')}
          </button>
        </>
      ) : null}
      {picked.size === 0 && failed > 0 ? (
        <button
          type="button"
          ref={first}
          class="button primary"
          disabled={busy}
          onClick={() => rerun({ which: 'failed' })}
        >
          Rerun {failed} not passed
        </button>
      ) : null}
      {picked.size === 0 ? (
        <button
          type="button"
          {...(failed > 0 ? {} : { ref: first })}
          class="button"
          disabled={busy}
          onClick={() => rerun({ which: 'all' })}
        >
          Rerun all
        </button>
      ) : null}
      <button type="button" class="button" onClick={() => ask('start')}>
        New run…
      </button>
      {asked === 'start' ? <StartRun planId={run.planId} onClose={() => ask(undefined)} /> : null}
    </>
  );
}
