import type { ComponentChildren } from 'preact';

/** A link out of the page. What an executor says is a link may be anything: only the web's are followed. */
export function ExternalLink({ to, children }: { readonly to: string; readonly children: ComponentChildren }) {
  if (!/^https?:\/\//i.test(to)) return <>{to}</>;
  return (
    <a href={to} target="_blank" rel="noreferrer">
      {children} <span aria-hidden="true">↗</span>
      <span class="visually-hidden"> (opens another tab)</span>
    </a>
  );
}
