import { useState } from 'preact/hooks';
import { useKeys } from '../core/use-keys.ts';
import { Dialog } from './dialog.tsx';

const keys: readonly (readonly [key: string, what: string])[] = [
  ['/', 'search, or filter the runs'],
  ['f', 'only what did not pass, or everything again'],
  ['j k', 'next and previous run or case; among cases, arrows, Home and End too'],
  ['Enter', 'open or close a case'],
  ['x', 'pick a case to rerun'],
  ['r', 'to the button that reruns'],
  ['?', 'this help'],
  ['Esc', 'close'],
];

/** The keys, by `?` or the button. */
export function Help() {
  const [open, setOpen] = useState(false);
  useKeys({ '?': () => setOpen(true) });
  return (
    <>
      <button
        type="button"
        class="button plain icon"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={() => setOpen(true)}
      >
        ?
      </button>
      {open ? (
        <Dialog title="Keyboard" onClose={() => setOpen(false)}>
          <dl class="keys">
            {keys.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <form method="dialog" class="actions">
            <button type="submit" class="button">
              Close
            </button>
          </form>
        </Dialog>
      ) : null}
    </>
  );
}
