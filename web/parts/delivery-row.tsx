import { useState } from 'preact/hooks';
import { api, asProblem, need, type Problem } from '../api.ts';
import { count, duration } from '../core/format.ts';
import { href } from '../core/router.ts';
import { answerOf, type Delivery, deliveryStandingOf } from '../core/use-deliveries.ts';
import { ToneIcon } from './icon.tsx';
import { Notice } from './notice.tsx';
import { Upcoming } from './upcoming.tsx';
import { When } from './when.tsx';

const receivers: Readonly<Record<Delivery['to'], string>> = {
  subscription: 'subscription',
  callback: 'callback of the run',
  commitStatus: 'commit status',
};

/** A delivery: what was sent where, what the receiver said, when it is tried again; and a button that does it now. */
export function DeliveryRow({
  delivery,
  planName,
  mayReplay,
  onChange,
}: {
  readonly delivery: Delivery;
  readonly planName: string;
  readonly mayReplay: boolean;
  readonly onChange: () => void;
}) {
  const { id, type, state, planId, runId, to, host, tries, attempts, createdAt, nextAttemptAt } = delivery;
  const { word, tone } = deliveryStandingOf(delivery);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const last = attempts.at(-1);
  const replay = async () => {
    setBusy(true);
    try {
      await need(api.POST('/v1/deliveries/{deliveryId}/replay', { params: { path: { deliveryId: id } } }));
      setProblem(undefined);
      onChange();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li class="delivery" aria-label={`${type} to ${host}`}>
      <span class={`verdict ${tone}`} role="status">
        <ToneIcon tone={tone} />
        {word}
      </span>
      <span class="what">
        <b>{type}</b> to {host} <span class="dim">{receivers[to] ?? to}</span>
      </span>
      <span class="about dim">
        <a href={href(`/plans/${planId}`)}>{planName}</a>
        {runId === null ? null : (
          <>
            {' · '}
            <a href={href(`/runs/${runId}`)}>run #{runId}</a>
          </>
        )}
        {' · '}
        <When at={createdAt} />
      </span>
      <span class="answer">
        {last ? `${count(tries, 'try').replace('trys', 'tries')}, ${answerOf(last)}` : 'not tried yet'}
        {nextAttemptAt === null ? null : (
          <span class="dim">
            {' '}
            next try <Upcoming at={nextAttemptAt} />
          </span>
        )}
      </span>
      {mayReplay ? (
        <button type="button" class="button" aria-disabled={busy} onClick={busy ? undefined : replay}>
          {busy ? 'Sending…' : state === 'pending' ? 'Send now' : 'Replay'}
          <span class="visually-hidden">
            {' '}
            {type} to {host}
          </span>
        </button>
      ) : null}
      {attempts.length > 0 ? (
        <details class="folded">
          <summary>Attempts</summary>
          <ol>
            {attempts.map((attempt) => (
              <li key={attempt.at}>
                <When at={attempt.at} /> {answerOf(attempt)}{' '}
                <span class="dim">after {duration(attempt.durationMs)}</span>
              </li>
            ))}
          </ol>
          <p class="dim">
            <code>{id}</code>
          </p>
        </details>
      ) : null}
      <Notice problem={problem} />
    </li>
  );
}
