import { useEffect, useRef } from 'preact/hooks';

/** Asks again whenever the stamp is another one; what is shown stays until the answer is there. */
export function useReload(stamp: string, reload: () => void): void {
  const shown = useRef(stamp);
  useEffect(() => {
    if (shown.current !== stamp) reload();
    shown.current = stamp;
  }, [stamp]);
}
