import { useState } from 'preact/hooks';
import { api, asProblem, isPassing, need, type Problem, type TriggerBody } from '../api.ts';
import { go } from '../core/router.ts';
import { useLive } from '../core/use-live.ts';
import { usePlans } from '../core/use-plans.ts';
import { useRepeatKey } from '../core/use-repeat-key.ts';
import { Dialog } from './dialog.tsx';
import { Notice } from './notice.tsx';

const again = 'Press the button again: what may have been started is not started twice.';

/** Starts a run of a plan, of all of it or a saved selection, and goes to it. */
export function StartRun({ planId, onClose }: { readonly planId: number | undefined; readonly onClose: () => void }) {
  const [chosen, choose] = useState(planId);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const repeat = useRepeatKey();
  const plans = usePlans();
  const enabled = plans.data?.filter((each) => each.enabled) ?? [];
  const plan = enabled.find((each) => each.id === chosen) ?? (planId === undefined ? enabled[0] : undefined);
  const id = plan?.id ?? chosen;
  const choices = useLive(`choices of ${id} in ${plan?.project}`, loadChoices(id, plan?.project), () => null);

  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (id === undefined) return;
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      const body = bodyOf(fields);
      const header = { 'Idempotency-Key': repeat.keyOf(`${id} ${JSON.stringify(body)}`) };
      const run = await need(api.POST('/v1/plans/{planId}/runs', { params: { path: { planId: id }, header }, body }));
      repeat.settle();
      go(`/runs/${run.id}`);
      onClose();
    } catch (error) {
      const refusal = asProblem(error);
      if (!isPassing(refusal)) repeat.settle();
      setProblem(isPassing(refusal) ? { ...refusal, sentence: `${refusal.sentence} ${again}` } : refusal);
      setBusy(false);
    }
  };

  return (
    <Dialog title="Run a plan" onClose={onClose}>
      <form class="fields" onSubmit={onSubmit}>
        <div class="field">
          <label for="run-plan">Plan</label>
          <select
            id="run-plan"
            value={id === undefined ? '' : String(id)}
            onChange={({ currentTarget }) => choose(Number(currentTarget.value))}
          >
            {enabled.map((each) => (
              <option key={each.id} value={String(each.id)}>
                {each.name} · {each.project}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="run-what">What to run</label>
          <select id="run-what" name="config">
            <option value="">Everything</option>
            {(choices.data?.configs ?? []).map((config) => (
              <option key={config.id} value={String(config.id)}>
                {config.name}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="run-environment">Environment</label>
          <select id="run-environment" name="environment">
            <option value="">The plan’s own</option>
            {(choices.data?.environments ?? []).map((environment) => (
              <option key={environment.id} value={String(environment.id)}>
                {environment.name}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="run-build">Build</label>
          <input id="run-build" name="buildNo" maxLength={255} placeholder="optional" autocomplete="off" />
        </div>
        <div class="field">
          <label for="run-variables">Variables</label>
          <textarea
            id="run-variables"
            name="variables"
            rows={3}
            placeholder={'BASE_URL=https://stg.example.com\none a line, optional'}
            spellcheck={false}
          />
        </div>
        <Notice problem={problem ?? plans.problem ?? choices.problem} />
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy || id === undefined}>
            {busy ? 'Starting…' : 'Run now'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function bodyOf(fields: FormData): TriggerBody {
  const text = (name: string) => String(fields.get(name) ?? '').trim();
  const lines = text('variables')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const variables = lines.map((line) => {
    const at = line.indexOf('=');
    if (at < 1)
      throw {
        status: 400,
        code: 'PAGE',
        sentence: `Variables: “${line.trim()}” is not NAME=value.`,
        requestId: null,
      } satisfies Problem;
    return [line.slice(0, at).trim(), line.slice(at + 1)] as const;
  });
  return {
    ...(text('config') === '' ? {} : { config: { id: Number(text('config')) } }),
    ...(text('environment') === '' ? {} : { environmentId: Number(text('environment')) }),
    ...(text('buildNo') === '' ? {} : { buildNo: text('buildNo') }),
    ...(variables.length === 0 ? {} : { runtimeData: Object.fromEntries(variables) }),
  };
}

function loadChoices(planId: number | undefined, project: string | undefined) {
  return async (signal: AbortSignal) => {
    if (planId === undefined || project === undefined) return { configs: [], environments: [] };
    const [{ configs }, { environments }] = await Promise.all([
      need(api.GET('/v1/plans/{planId}/configs', { params: { path: { planId } }, signal })),
      need(api.GET('/v1/environments', { params: { query: { limit: 200, project } }, signal })),
    ]);
    return { configs, environments: environments.filter(({ enabled }) => enabled) };
  };
}
