import { useState } from 'preact/hooks';
import { api, asProblem, need, type Problem, type Run } from '../api.ts';
import { Dialog } from './dialog.tsx';

/** Asks before it stops a run: what was executed keeps its results, the rest cannot be taken up again. */
export function StopRun({
  run,
  onClose,
  onProblem,
  onChange,
}: {
  readonly run: Run;
  readonly onClose: () => void;
  readonly onProblem: (problem: Problem | undefined) => void;
  readonly onChange: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const stop = async () => {
    setBusy(true);
    try {
      await need(api.POST('/v1/runs/{runId}/stop', { params: { path: { runId: run.id } } }));
      onProblem(undefined);
    } catch (error) {
      onProblem(asProblem(error));
    }
    onChange();
    onClose();
  };
  return (
    <Dialog title={`Stop run ${run.id}?`} onClose={onClose}>
      <p>Results that are there stay. Cases that have not ended count as stopped; a rerun can run them later.</p>
      <div class="actions">
        <button type="button" class="button" onClick={onClose}>
          Let it run
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={stop}>
          {busy ? 'Stopping…' : 'Stop it'}
        </button>
      </div>
    </Dialog>
  );
}
