import type { PreviewAnswer } from './answers.ts';
import { describeDuration } from './duration.ts';
import { toTable } from './table.ts';
import { plain } from './terminal.ts';
import { describeTiming } from './timing-options.ts';

/** The next occurrences on the clocks of the zone and in UTC, and what is worth knowing of each. */
export function describePreview(preview: PreviewAnswer): string {
  const { occurrences, usualSeconds } = preview;
  const title = describeTiming(preview);
  if (occurrences.length === 0) return `${title}\nit fires never again`;
  const rows = occurrences.map((one, i) => {
    const { at, local, offset } = one;
    const before = i === 0 ? undefined : occurrences[i - 1];
    const changed =
      before !== undefined && before.offset !== offset ? [`the clock has changed, from ${before.offset}`] : [];
    return [`${local} ${offset}`, at.replace('.000Z', 'Z'), [...notesOf(one), ...changed].join('; ')];
  });
  const took = usualSeconds === null ? [] : [`a run usually takes ${describeDuration(usualSeconds * 1000)}`];
  return [title, ...took, toTable(['LOCAL', 'UTC', 'NOTE'], rows)].join('\n');
}

function notesOf({ kind, runsIntoNext, clashes }: PreviewAnswer['occurrences'][number]): string[] {
  return [
    ...(kind === 'gap' ? ['moved: the clock skips its time that day'] : []),
    ...(kind === 'fold' ? ['its time occurs twice that day: fires the first time only'] : []),
    ...(runsIntoNext ? ['its run usually lasts into the next one'] : []),
    ...clashes.map(({ scheduleId, name, at }) => `meets schedule ${scheduleId} (${plain(name, 40)}) at ${at}`),
  ];
}
