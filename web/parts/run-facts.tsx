import type { ComponentChildren } from 'preact';
import { api, need, type Run } from '../api.ts';
import { useLive } from '../core/use-live.ts';
import { ExternalLink } from './external-link.tsx';
import { When } from './when.tsx';

/** What was asked for and by whom, on what, and where it runs. */
export function RunFacts({ run }: { readonly run: Run }) {
  return (
    <dl class="facts">
      <Fact name="Started">
        <When at={run.createdAt} /> <span class="dim">{startedBy(run)}</span>
      </Fact>
      <Fact name="Asked for">{run.config ? `${run.config.name} (${run.requested})` : run.requested}</Fact>
      {run.executing === null ? null : <Fact name={whatExecutes(run)}>{run.executing}</Fact>}
      {run.environmentId === null ? null : (
        <Fact name="Environment">
          <Environment id={run.environmentId} />
        </Fact>
      )}
      {run.buildNo === null ? null : <Fact name="Build">{run.buildNo}</Fact>}
      {run.commit === null ? null : (
        <Fact name="Commit">
          <Commit commit={run.commit} />
        </Fact>
      )}
      {run.links.job === null ? null : (
        <Fact name="Job">
          <ExternalLink to={run.links.job}>Open where it runs</ExternalLink>
        </Fact>
      )}
      {run.deadlineAt === null ? null : (
        <Fact name="Deadline">{new Date(run.deadlineAt).toLocaleTimeString(undefined, { timeStyle: 'short' })}</Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function startedBy({ trigger, schedule, rerunOf }: Run): string {
  const rerun = rerunOf === null ? '' : `as a rerun of #${rerunOf}, `;
  if (schedule) return `${rerun}by schedule ${schedule.id}`;
  if (trigger.event) return `${rerun}by ${trigger.event.detailType} of ${trigger.event.source}`;
  return `${rerun}by key ${trigger.keyId}`;
}

/** What is known is the newest attempt's. */
function whatExecutes({ status, attempt }: Run): string {
  if (status !== 'completed') return 'Executing';
  return attempt === 1 ? 'Executed' : `Executed in attempt ${attempt}`;
}

function Environment({ id }: { readonly id: number }) {
  const { data } = useLive(`environment ${id}`, loadEnvironment(id), () => null);
  return <>{data?.name ?? id}</>;
}

function loadEnvironment(environmentId: number) {
  return (signal: AbortSignal) =>
    need(api.GET('/v1/environments/{environmentId}', { params: { path: { environmentId } }, signal }));
}

function Commit({ commit: { sha, repository } }: { readonly commit: NonNullable<Run['commit']> }) {
  const short = <code>{sha.slice(0, 10)}</code>;
  if (!repository || !/^[\w.-]+\/[\w.-]+$/.test(repository)) return short;
  return (
    <ExternalLink to={`https://github.com/${repository}/commit/${sha}`}>
      {short} <span class="dim">{repository}</span>
    </ExternalLink>
  );
}
