import type { Tone } from '../core/results.ts';

/** Each tone has a shape of its own. */
const shapes: Readonly<Record<Tone, string>> = {
  good: 'M4.5 8.3l2.4 2.4 4.6-5',
  bad: 'M5.4 5.4l5.2 5.2m0-5.2l-5.2 5.2',
  broken: 'M8 4.6v4m0 2.4v.2',
  quiet: 'M5 8h6',
  busy: 'M8 4.5V8l2.4 1.6',
  waiting: 'M5 8h.1M8 8h.1M11 8h.1',
};

/** A verdict's sign. The word stands beside it, or is its `label`. */
export function ToneIcon({ tone, label }: { readonly tone: Tone; readonly label?: string }) {
  return (
    <span class={`sign ${tone}`} {...(label === undefined ? {} : { role: 'img', 'aria-label': label, title: label })}>
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <circle cx="8" cy="8" r="7.25" />
        <path d={shapes[tone]} />
      </svg>
    </span>
  );
}
