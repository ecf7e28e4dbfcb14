/** A node of a document that is only ever written out. */
export interface Element {
  readonly type: unknown;
}

type Child = Element | string | null | readonly Child[];

/** An element with its attributes; texts are escaped where it is written. */
export function element(
  tag: string,
  attributes: Readonly<Record<string, string | boolean | { readonly __html: string } | undefined>> | null,
  ...children: readonly Child[]
): Element;

/** The HTML of the element. */
export function render(root: Element): string;
