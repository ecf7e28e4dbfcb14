import { href } from '../core/router.ts';

/** To the first page and the next one of a list whose filters are in the address. */
export function Pager({
  path,
  query,
  nextCursor,
  words: [first, next],
}: {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly nextCursor: string | null | undefined;
  readonly words: readonly [first: string, next: string];
}) {
  const place = (cursor: string | null) => {
    const changed = new URLSearchParams(query);
    if (cursor === null) changed.delete('cursor');
    else changed.set('cursor', cursor);
    const text = changed.toString();
    return href(text === '' ? path : `${path}?${text}`);
  };
  if (!query.has('cursor') && !nextCursor) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {query.has('cursor') ? <a href={place(null)}>{first}</a> : null}
      {nextCursor ? <a href={place(nextCursor)}>{next}</a> : null}
    </nav>
  );
}
