import type { Problem } from '../api.ts';

/** What went wrong, and what to do. */
export function Notice({ problem }: { readonly problem: Problem | undefined }) {
  if (problem === undefined) return null;
  return (
    <p class="notice" role="alert">
      {problem.sentence}
      {problem.status >= 500 && problem.requestId !== null ? (
        <small> The log has it as request {problem.requestId}.</small>
      ) : null}
    </p>
  );
}
