import { SingleBar } from 'cli-progress';
import type { CaseAnswer, RunAnswer } from './answers.ts';
import { plain, type Terminal } from './terminal.ts';

/** Tells a person how a run goes. */
export interface Progress {
  /** `failures` are those that are new since the last time. */
  update(run: RunAnswer, failures: readonly CaseAnswer[]): void;
  say(line: string): void;
  /** Takes away what moves; nothing is told afterwards. */
  end(): void;
}

/** A bar on a terminal, else lines. Both write to stderr. */
export function createProgress(terminal: Terminal, now: () => number = Date.now): Progress {
  const tell = createTeller(terminal);
  return terminal.live ? liveProgress(terminal, tell) : plainProgress(terminal, tell, now);
}

function liveProgress(terminal: Terminal, tell: Tell): Progress {
  const bar = new SingleBar({
    format: '  {bar} {value}/{total}  {state}',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
    // Its own handler would end the process before the run is stopped.
    gracefulExit: false,
  });
  let drawn = false;
  const say = (line: string) => terminal.say(`${drawn ? '\r\u001b[K' : ''}${line}`);
  return {
    update(run, failures) {
      for (const line of tell(run, failures)) say(line);
      const { done, total } = doneOf(run);
      if (!drawn) bar.start(Math.max(1, total), done, { state: stateOf(run) });
      drawn = true;
      bar.setTotal(Math.max(1, total));
      bar.update(done, { state: stateOf(run) });
    },
    say,
    end() {
      if (drawn) bar.stop();
      drawn = false;
    },
  };
}

/** How long a log stays silent while nothing but the counts changes. */
const quietMs = 30_000;

function plainProgress(terminal: Terminal, tell: Tell, now: () => number): Progress {
  let last = '';
  let saidAt = now();
  const say = (line: string) => {
    saidAt = now();
    terminal.say(line);
  };
  return {
    update(run, failures) {
      for (const line of tell(run, failures)) say(line);
      const { done, total } = doneOf(run);
      const line = `  ${stateOf(run)}: ${done} of ${total} cases`;
      if (line === last || run.status === 'completed' || now() - saidAt < quietMs) return;
      last = line;
      say(line);
    },
    say,
    end: () => {},
  };
}

type Tell = (run: RunAnswer, failures: readonly CaseAnswer[]) => string[];

/** What changed, in lines: where the run stands, a rerun, cases that failed. */
function createTeller({ colors }: Terminal): Tell {
  let state = '';
  let attempt = 1;
  return (run, failures) => {
    const lines: string[] = [];
    const now = run.status === 'queued' ? waitingOf(run) : run.status;
    if (now !== state && run.status !== 'completed') lines.push(`  ${now}`);
    state = now;
    for (const failure of failures) lines.push(describeFailure(failure, colors));
    if (run.attempt > attempt) {
      attempt = run.attempt;
      lines.push(`  ${colors.bold(`attempt ${attempt}`)}${run.executing === null ? '' : `: ${plain(run.executing)}`}`);
    }
    return lines;
  };
}

function describeFailure({ suite, name, machine, message, result }: CaseAnswer, colors: Terminal['colors']): string {
  const lane = machine === null ? '' : ` (${plain(machine)})`;
  return `  ${colors.red('✗')} ${plain(suite)} › ${plain(name)}${lane}  ${colors.red(plain(message ?? result))}`;
}

function stateOf({ status, counts }: RunAnswer): string {
  const bad = (counts?.failed ?? 0) + (counts?.errored ?? 0);
  return bad === 0 ? status : `${status}, ${bad} failed so far`;
}

function waitingOf({ waitsFor, position, waitsForSlots }: RunAnswer): string {
  if (waitsFor.length > 0) {
    const place = position === null ? '' : `, place ${position}`;
    return `queued: waits for ${waitsFor.length === 1 ? 'run' : 'runs'} ${waitsFor.join(', ')}${place}`;
  }
  if (waitsForSlots.length === 0) return 'queued';
  return `queued: waits for a free slot of ${waitsForSlots.map(({ kind, id }) => `${kind} ${plain(id)}`).join(', ')}`;
}

function doneOf({ counts }: RunAnswer): { done: number; total: number } {
  if (counts === null) return { done: 0, total: 0 };
  return { done: counts.total - counts.queued - counts.running, total: counts.total };
}
