import type { RunItems } from '../../core/ports.ts';
import type { Counts } from '../../core/results.ts';
import { plural } from '../../core/words.ts';
import type { RunView } from '../../workflow/read-run.ts';
import { purposeOf } from './attempt-purpose.ts';
import { type Element, element as h, render } from './element.mjs';
import { allCases } from './report-cases.ts';
import { failures } from './report-failures.ts';
import { tableCard } from './report-parts.ts';
import { reportStyle } from './report-style.ts';
import { durationWords, runLooks, timeWords } from './report-words.ts';
import { requestedBy, toTime } from './run-object.ts';

/** A completed run as one HTML file without scripts, which loads nothing: it can be mailed, kept and printed. */
export function writeHtmlReport(view: RunView, items: RunItems, baseUrl: string): string {
  const { run } = view;
  const title = `${run.planName}: run ${run.id}, ${runLooks[run.result ?? 'errored'].word.toLowerCase()}`;
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charSet: 'utf-8' }),
      h('meta', { httpEquiv: 'Content-Security-Policy', content: "default-src 'none'; style-src 'unsafe-inline'" }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('title', null, title),
      h('style', { dangerouslySetInnerHTML: { __html: reportStyle } }),
    ),
    h(
      'body',
      null,
      h('main', null, heading(view, baseUrl), attempts(view, items), failures(view), allCases(view), footing(view)),
    ),
  );
  return `<!doctype html>\n${render(page)}\n`;
}

function heading({ run, counts }: RunView, baseUrl: string): Element {
  const { sign, word, tone } = runLooks[run.result ?? 'errored'];
  const took = run.startedAt === undefined || run.endedAt === undefined ? null : run.endedAt - run.startedAt;
  return h(
    'header',
    null,
    h('h1', null, run.planName),
    h(
      'p',
      { class: 'soft' },
      `${run.project} · `,
      h('a', { href: `${baseUrl}/runs/${run.id}` }, `run ${run.id}`),
      run.buildNo === undefined ? '' : ` · build ${run.buildNo}`,
    ),
    h(
      'section',
      { class: `card verdict ${tone}` },
      h('strong', null, `${sign} ${word}`),
      h('p', null, run.explanation ?? ''),
      overrideNote(run),
    ),
    bar(counts),
    countList(counts),
    h(
      'dl',
      null,
      fact('Triggered', h('time', { dateTime: toTime(run.createdAt) }, timeWords(run.createdAt)), run.trigger.type),
      run.endedAt === undefined
        ? null
        : fact('Ended', h('time', { dateTime: toTime(run.endedAt) }, timeWords(run.endedAt))),
      took === null ? null : fact('Took', durationWords(took)),
      fact('Asked for', requestedBy(run)),
      run.rerunOf === undefined ? null : fact('Rerun of', `run ${run.rerunOf}`),
      run.commit === undefined ? null : fact('Commit', run.commit.sha),
    ),
  );
}

function fact(name: string, value: Element | string, aside?: string): Element {
  return h('div', null, h('dt', null, name), h('dd', null, value, aside === undefined ? '' : ` (${aside})`));
}

function overrideNote({ overridden }: RunView['run']): Element | null {
  if (overridden === undefined) return null;
  const { cases, at } = overridden;
  return h('p', null, `${plural(cases, 'case')} shown as a person says, last on ${timeWords(at)}.`);
}

/** What the cases came to, in the order of the bar. A flaky case has passed. */
function sharesOf({ passed, flaky, failed, errored, blocked, stopped, notExecuted, skipped }: Counts) {
  return [
    ['passed', passed - flaky, 'good'],
    ['flaky', flaky, 'odd'],
    ['failed', failed, 'bad'],
    ['errored', errored, 'bad'],
    ['did not run', blocked + stopped + notExecuted, 'odd'],
    ['skipped', skipped, 'calm'],
  ] as const;
}

function bar(counts: Counts): Element | null {
  if (counts.total === 0) return null;
  const shares = sharesOf(counts).filter(([, count]) => count > 0);
  return h(
    'div',
    { class: 'bar', role: 'img', 'aria-label': shares.map(([word, count]) => `${count} ${word}`).join(', ') },
    shares.map(([, count, tone]) => h('i', { class: tone, style: `flex: ${count}` })),
  );
}

function countList(counts: Counts): Element {
  const shown = sharesOf(counts).filter(([word, count]) => count > 0 || word === 'passed' || word === 'failed');
  return h(
    'ul',
    { class: 'counts' },
    shown.map(([word, count, tone]) =>
      h('li', { class: count === 0 ? 'calm' : tone }, h('b', null, String(count)), ` ${word}`),
    ),
    h('li', null, h('b', null, String(counts.total)), counts.total === 1 ? ' case' : ' cases'),
  );
}

function attempts(view: RunView, items: RunItems): Element {
  const numbers = Array.from({ length: view.run.attempt }, (_, i) => i + 1);
  return h(
    'section',
    null,
    h('h2', null, plural(view.run.attempt, 'attempt')),
    tableCard(
      ['#', 'Purpose', 'Dispatched', 'Job'].map((name) => h('th', null, name)),
      numbers.map((attempt) => attemptRow(view, items, attempt)),
    ),
  );
}

function attemptRow(view: RunView, items: RunItems, attempt: number): Element {
  const job = items.attempts.find((record) => record.attempt === attempt);
  const problem = items.batches.find((batch) => batch.attempt === attempt && batch.end?.problem)?.end?.problem;
  return h(
    'tr',
    null,
    h('td', null, String(attempt)),
    h(
      'td',
      null,
      purposeOf(view, items.requests, attempt).purpose,
      problem === undefined ? null : h('p', { class: 'bad' }, problem.message),
    ),
    h('td', { class: 'fixed' }, job === undefined ? 'never' : timeWords(job.startedAt)),
    h('td', null, job?.link === undefined ? (job?.ref ?? '') : h('a', { href: job.link, rel: 'noreferrer' }, 'open')),
  );
}

function footing({ run }: RunView): Element {
  return h('footer', null, `Proctor · run ${run.id} of plan ${run.planId} in version ${run.planVersion}`);
}
