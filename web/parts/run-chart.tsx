import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chart, ChartData } from '../core/draw-chart.ts';
import { marks } from '../core/marks.ts';
import { go } from '../core/router.ts';
import type { RunPoint } from '../core/run-points.ts';

/** A value of each run, drawn. What it draws stands in a table, too; who cannot see it is told what it is. */
export function RunChart({
  name,
  figure,
  points,
  read,
  ticks,
  write,
}: {
  readonly name: string;
  /** What stands beside the name: the newest value. */
  readonly figure: string;
  /** Oldest first. */
  readonly points: readonly RunPoint[];
  readonly read: (point: RunPoint) => number | null;
  readonly ticks: readonly number[];
  readonly write: (value: number) => string;
}) {
  const [hovered, hover] = useState<{ readonly index: number; readonly left: number } | null>(null);
  const drawn = points.map((point) => ({
    value: read(point),
    tone: point.tone,
    mark: marks[point.tone],
    label: `#${point.id}`,
  }));
  const { box, isMissing } = useChart(JSON.stringify(drawn), {
    points: drawn,
    ticks,
    write,
    onHover: hover,
    onPick: (index) => {
      const point = points[index];
      if (point) go(`/runs/${point.id}`);
    },
  });
  const point = hovered === null ? undefined : points[hovered.index];
  return (
    <figure class="run-chart">
      <figcaption>
        <h3>{name}</h3> <span class="dim">{figure}</span>
      </figcaption>
      {isMissing ? <p class="dim">The chart could not be loaded. The table below says the same.</p> : null}
      <div class="plot" role="img" aria-label={`${name} of each run, oldest first; the table below has the values`}>
        <div ref={box} />
        {point && hovered ? (
          <p
            class="tip"
            style={{ left: `${hovered.left}px` }}
            data-side={hovered.index * 2 < points.length ? 'right' : 'left'}
          >
            <b>
              #{point.id} {point.word}
            </b>
            <span>
              {[textOf(read(point), write), point.buildNo && `build ${point.buildNo}`].filter(Boolean).join(' · ')}
            </span>
            <span class="dim">{point.when}</span>
          </p>
        ) : null}
      </div>
    </figure>
  );
}

function textOf(value: number | null, write: (value: number) => string): string {
  return value === null ? 'no value' : write(value);
}

/** Draws when the data changes, and follows the width and the colours. */
function useChart(stamp: string, data: ChartData) {
  const box = useRef<HTMLDivElement>(null);
  const current = useRef(data);
  current.current = data;
  const [isMissing, setMissing] = useState(false);

  useEffect(() => {
    let chart: Chart | undefined;
    let isGone = false;
    const sizes = new ResizeObserver(() => chart?.resize(box.current?.clientWidth ?? 0));
    const redraw = () => chart?.redraw();
    const themes = new MutationObserver(redraw);
    const device = matchMedia('(prefers-color-scheme: dark)');
    // The library is a file of its own: who only looks at runs does not load it.
    import('../core/draw-chart.ts').then(
      ({ drawChart }) => {
        if (isGone || !box.current) return;
        const { onHover, onPick, ...rest } = current.current;
        chart = drawChart(box.current, {
          ...rest,
          onHover: (at) => current.current.onHover(at),
          onPick: (index) => current.current.onPick(index),
        });
        sizes.observe(box.current);
        themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
        device.addEventListener('change', redraw);
      },
      () => setMissing(true),
    );
    return () => {
      isGone = true;
      sizes.disconnect();
      themes.disconnect();
      device.removeEventListener('change', redraw);
      chart?.destroy();
    };
  }, [stamp]);
  return { box, isMissing };
}
