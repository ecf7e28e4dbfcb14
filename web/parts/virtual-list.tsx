import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useKeys } from '../core/use-keys.ts';

interface VirtualListProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  /** Of a closed row, in CSS pixels. */
  readonly rowHeight: number;
  /** Keys of the rows that are open; how high those are is measured. */
  readonly open: ReadonlySet<string>;
  /** A row; `isActive` is the one row that the tab key reaches. */
  readonly row: (item: T, isActive: boolean) => ComponentChildren;
  /** What stands below an open row. */
  readonly details: (item: T) => ComponentChildren;
  /** The row that got active by the keyboard or a click. */
  readonly onKey: (item: T, key: string) => void;
}

/** Rows beyond the window that are there all the same. */
const overscan = 6;
/** Until it is measured. */
const guessedDetails = 220;
/** What is stuck to the top of the window covers so much of it. */
const covered = 120;

/** A long list that scrolls with the page: only the rows in sight exist, and the active one. */
export function VirtualList<T>({ label, items, keyOf, rowHeight, open, row, details, onKey }: VirtualListProps<T>) {
  const list = useRef<HTMLUListElement>(null);
  const heights = useRef(new Map<string, number>());
  const [, redraw] = useState({});
  const [activeKey, setActiveKey] = useState<string>();
  const [view, setView] = useState({ top: 0, bottom: 1_200 });
  const moveTo = useRef<number>(undefined);

  const indexes = useMemo(() => new Map(items.map((item, i) => [keyOf(item), i])), [items, keyOf]);
  const active = Math.max(0, indexes.get(activeKey ?? '') ?? 0);
  const openAt = [...open].flatMap((key) => indexes.get(key) ?? []).sort((a, b) => a - b);
  const extraOf = (index: number) => heights.current.get(keyOf(items[index] as T)) ?? guessedDetails;
  const offsetOf = (index: number) =>
    index * rowHeight + openAt.reduce((sum, at) => (at < index ? sum + extraOf(at) : sum), 0);

  const look = useCallback(() => {
    const top = -(list.current?.getBoundingClientRect().top ?? 0);
    const bottom = top + window.innerHeight;
    const isNear = (a: number, b: number) => Math.abs(a - b) < rowHeight;
    setView((old) => (isNear(old.top, top) && isNear(old.bottom, bottom) ? old : { top, bottom }));
  }, [rowHeight]);
  useEffect(() => {
    look();
    window.addEventListener('scroll', look, { passive: true });
    window.addEventListener('resize', look);
    return () => {
      window.removeEventListener('scroll', look);
      window.removeEventListener('resize', look);
    };
  }, [look]);
  // Whatever stands above the list may have grown.
  useLayoutEffect(look);

  const total = offsetOf(items.length);
  const first = Math.max(0, indexAt(view.top, items.length, offsetOf) - overscan);
  const last = Math.min(items.length - 1, indexAt(view.bottom, items.length, offsetOf) + overscan);
  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  if (items.length > 0 && (active < first || active > last)) shown.push(active);

  const move = (index: number) => {
    const to = Math.min(items.length - 1, Math.max(0, index));
    const item = items[to];
    if (item === undefined) return;
    setActiveKey(keyOf(item));
    moveTo.current = to;
    const box = list.current?.getBoundingClientRect();
    const at = (box?.top ?? 0) + offsetOf(to);
    if (at < covered) window.scrollBy(0, at - covered);
    else if (at + rowHeight > window.innerHeight) window.scrollBy(0, at + rowHeight + 8 - window.innerHeight);
    redraw({});
  };
  useLayoutEffect(() => {
    if (moveTo.current === undefined) return;
    const target = list.current?.querySelector<HTMLElement>(`[data-index="${moveTo.current}"] [data-focus]`);
    if (!target) return;
    moveTo.current = undefined;
    target.focus({ preventScroll: true });
  });
  const isInside = () => list.current?.contains(document.activeElement) ?? false;
  useKeys({ j: () => move(isInside() ? active + 1 : active), k: () => move(isInside() ? active - 1 : active) });

  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest('.case-details')) return;
    const goal = goals[event.key]?.(active, items.length);
    const item = items[active];
    if (goal !== undefined) {
      event.preventDefault();
      move(goal);
    } else if (item !== undefined) onKey(item, event.key);
  };

  return (
    <ul ref={list} class="virtual" aria-label={label} style={{ height: `${total}px` }} onKeyDown={onKeyDown}>
      {shown.map((index) => {
        const item = items[index] as T;
        const key = keyOf(item);
        return (
          <li
            key={key}
            data-index={index}
            aria-setsize={items.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${offsetOf(index)}px)` }}
            onFocusIn={() => setActiveKey(key)}
          >
            {row(item, index === active)}
            {open.has(key) ? (
              <Measured
                onHeight={(height) => {
                  if (heights.current.get(key) === height) return;
                  heights.current.set(key, height);
                  redraw({});
                }}
              >
                {details(item)}
              </Measured>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}

const goals: Readonly<Record<string, (active: number, length: number) => number>> = {
  ArrowDown: (active) => active + 1,
  ArrowUp: (active) => active - 1,
  Home: () => 0,
  End: (_, length) => length - 1,
  PageDown: (active) => active + 12,
  PageUp: (active) => active - 12,
};

function Measured({
  onHeight,
  children,
}: {
  readonly onHeight: (height: number) => void;
  readonly children: ComponentChildren;
}) {
  const box = useRef<HTMLDivElement>(null);
  const report = useRef(onHeight);
  report.current = onHeight;
  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) report.current(Math.ceil(entry.borderBoxSize[0]?.blockSize ?? entry.contentRect.height));
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return <div ref={box}>{children}</div>;
}

/** The last row that begins at or above the offset. */
function indexAt(offset: number, length: number, offsetOf: (index: number) => number): number {
  let low = 0;
  let high = Math.max(0, length - 1);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (offsetOf(middle) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
