import { useState } from 'preact/hooks';

/** Copies a text, and says so. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const [word, setWord] = useState('Copy');
  const onClick = async () => {
    // Browsers give the clipboard to pages of https and of this machine only.
    const isDone = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    setWord(isDone ? 'Copied' : 'Select and copy it by hand');
    setTimeout(() => setWord('Copy'), 2_000);
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} onClick={onClick}>
      <span aria-live="polite">{word}</span>
    </button>
  );
}
