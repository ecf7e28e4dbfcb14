interface Looked {
  /** Newest first. */
  readonly runs: readonly { readonly counts: Executed | null }[];
  /** The cases of so many of them were read. */
  readonly window: { readonly casesOf: number };
}

interface Executed {
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
}

/** Whether any case was executed in the runs whose cases were read; not known if they are of none. */
export function executionIn({ runs, window: { casesOf } }: Looked): 'some' | 'none' | 'unknown' {
  if (casesOf === 0 && runs.length > 0) return 'unknown';
  const looked = runs.slice(0, casesOf);
  return looked.some(({ counts }) => counts && counts.passed + counts.failed + counts.errored > 0) ? 'some' : 'none';
}
