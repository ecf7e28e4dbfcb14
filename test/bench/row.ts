/** A number of the table; with a target it is at most that, or at least that. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: number;
  readonly atLeast?: true;
}

/** What others reach, measured in the same run, counted from their own definitions, or as they published it. */
export interface Anchor extends Figure {
  readonly source: 'measured' | 'counted' | 'published';
}

export interface Outcome {
  readonly figures: readonly Figure[];
  readonly anchors: readonly Anchor[];
  /** Where a target is missed: why, with the floor measured beside it. */
  readonly floor?: string;
}

/** One row of the benchmark: a module of `rows/` exports it as `row`, and is measured in a process of its own. */
export interface Row {
  readonly id: string;
  readonly what: string;
  /** The target in words, for the table. */
  readonly target: string;
  /** `say` tells people how it goes. */
  measure(say: (text: string) => void): Promise<Outcome>;
}

/** What became of a row: its outcome, or why it has none. */
export type Measured = Pick<Row, 'id' | 'what' | 'target'> & { readonly seconds: number } & (
    | { readonly outcome: Outcome }
    | { readonly broke: string }
  );
