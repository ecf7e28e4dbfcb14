import { Copy } from './copy.tsx';

/** A line to take along. */
export function CopyLine({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div class="copy-line">
      <pre>{text}</pre>
      <Copy text={text} what={what} />
    </div>
  );
}
