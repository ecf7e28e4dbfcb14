import UPlot from 'uplot';
import type { Tone } from './results.ts';

export interface ChartPoint {
  readonly value: number | null;
  readonly tone: Tone;
  /** A path in a box of 16 by 16. */
  readonly mark: string;
  readonly label: string;
}

/** A line over runs, each of which is marked. */
export interface ChartData {
  /** Oldest first. A run without a value is marked at the bottom. */
  readonly points: readonly ChartPoint[];
  /** Of the vertical axis. The last one is the top. */
  readonly ticks: readonly number[];
  readonly write: (value: number) => string;
  /** The point under the pointer and how far from the left it is, or null. */
  readonly onHover: (at: { readonly index: number; readonly left: number } | null) => void;
  readonly onPick: (index: number) => void;
}

export interface Chart {
  resize(width: number): void;
  /** After the colours have changed. */
  redraw(): void;
  destroy(): void;
}

const height = 176;
const font = '12px system-ui, sans-serif';

/** Draws into the element. Nothing but types is imported from the rest of the page, so that this is a file of its own. */
export function drawChart(box: HTMLElement, { points, ticks, write, onHover, onPick }: ChartData): Chart {
  const values = points.map(({ value }) => value);
  const top = ticks.at(-1) ?? 1;
  const colour = (name: string) => () => readColour(box, name);
  const chart = new UPlot(
    {
      width: box.clientWidth,
      height,
      padding: [12, 8, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: false, range: [-0.6, points.length - 0.4] }, y: { range: [0, top * 1.04] } },
      axes: [
        {
          font,
          size: 26,
          gap: 4,
          stroke: colour('--dim'),
          grid: { show: false },
          ticks: { show: false },
          splits: (self) => spread(points.length, self.width / 64),
          values: (_, splits) => splits.map((index) => points[index]?.label ?? ''),
        },
        {
          font,
          size: 52,
          gap: 6,
          stroke: colour('--dim'),
          grid: { stroke: colour('--line'), width: 1 },
          ticks: { show: false },
          splits: () => [...ticks],
          values: (_, splits) => splits.map(write),
        },
      ],
      series: [{}, { stroke: colour('--quiet-fill'), width: 1.5, points: { show: false } }],
      hooks: {
        draw: [(self) => drawMarks(self, points, box)],
        setCursor: [
          (self) => {
            const { idx } = self.cursor;
            if (idx == null || points[idx] === undefined) onHover(null);
            else onHover({ index: idx, left: self.over.offsetLeft + self.valToPos(idx, 'x') });
          },
        ],
      },
    },
    [points.map((_, index) => index), values],
    box,
  );
  chart.over.addEventListener('click', () => {
    if (chart.cursor.idx != null) onPick(chart.cursor.idx);
  });
  return {
    resize: (width) => chart.setSize({ width, height }),
    redraw: () => chart.redraw(false, true),
    destroy: () => chart.destroy(),
  };
}

function drawMarks(chart: UPlot, points: ChartData['points'], box: HTMLElement): void {
  const { ctx } = chart;
  const ratio = devicePixelRatio;
  const room = chart.bbox.width / ratio / Math.max(1, points.length);
  const size = Math.min(12, Math.max(6, room * 0.8)) * ratio;
  const ring = readColour(box, '--surface');
  const fills = new Map<Tone, string>();
  for (const [index, { value, tone, mark }] of points.entries()) {
    const fill = fills.get(tone) ?? readColour(box, `--${tone}-fill`);
    fills.set(tone, fill);
    ctx.save();
    ctx.translate(chart.valToPos(index, 'x', true) - size / 2, chart.valToPos(value ?? 0, 'y', true) - size / 2);
    ctx.scale(size / 16, size / 16);
    const path = new Path2D(mark);
    ctx.lineJoin = 'round';
    ctx.lineWidth = 4;
    ctx.strokeStyle = ring;
    ctx.stroke(path);
    ctx.fillStyle = fill;
    ctx.fill(path);
    ctx.restore();
  }
}

/** At most so many indexes, evenly spread back from the newest. */
function spread(length: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, most)));
  const indexes: number[] = [];
  for (let index = length - 1; index >= 0; index -= step) indexes.unshift(index);
  return indexes;
}

/** A colour of the theme, for the canvas: a property holds both of light and dark, an element's colour is one of them. */
function readColour(box: HTMLElement, name: string): string {
  const before = box.style.color;
  box.style.color = `var(${name})`;
  const colour = getComputedStyle(box).color;
  box.style.color = before;
  return colour;
}
