import type { Run } from '../api.ts';
import { standingOf, tellStanding } from '../core/results.ts';
import { ToneIcon } from './icon.tsx';

/** How a run stands, as sign, word and colour. */
export function Verdict({
  run,
  large = false,
}: {
  readonly run: Pick<Run, 'status' | 'result'>;
  readonly large?: boolean;
}) {
  const { word, tone } = tellStanding(standingOf(run));
  return (
    <span class={`verdict ${tone} ${large ? 'large' : ''}`}>
      <ToneIcon tone={tone} />
      {word}
    </span>
  );
}
