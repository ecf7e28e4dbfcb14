import type { Run } from '../api.ts';
import { tellStanding } from '../core/results.ts';
import { href } from '../core/router.ts';
import { useChain } from '../core/use-chain.ts';
import { ToneIcon } from './icon.tsx';

/** The chain of reruns a run is part of, and what it says as a whole. */
export function ChainStrip({ run }: { readonly run: Run }) {
  const chain = useChain(run);
  if (chain === null) return null;
  const { word, tone } = tellStanding(chain.standing);
  return (
    <div class="chain">
      <span class="dim">Reruns</span>
      <ol>
        {chain.runIds.map((id, i) => (
          <li key={id}>
            {i > 0 ? <span aria-hidden="true">→ </span> : null}
            <a href={href(`/runs/${id}`)} aria-current={id === run.id ? 'page' : undefined}>
              #{id}
            </a>
          </li>
        ))}
      </ol>
      <span class={`whole ${tone}`}>
        <ToneIcon tone={tone} /> Taken together: {word.toLowerCase()}, {chain.passed} of {chain.total} passed
      </span>
    </div>
  );
}
