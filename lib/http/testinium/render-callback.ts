import type { DeliveryBody } from '../../core/delivery.ts';
import type { Services } from '../../core/ports.ts';
import type { Run, RunResult } from '../../core/run.ts';
import { readRunView } from '../../workflow/read-run.ts';
import { isStartedByKey, resultIdsOf, toExecutionFields } from './execution-object.ts';
import { readGroup } from './read-group.ts';
import type { TestiniumSettings } from './settings.ts';
import { toIso } from './time.ts';

const maxListedResults = 1000;

const outcomes: Readonly<Record<RunResult, string>> = {
  passed: 'PASSED',
  failed: 'FAILED',
  errored: 'ERROR',
  timedOut: 'TIMED_OUT',
  stopped: 'STOPPED',
  noTests: 'NO_TESTS',
};

/** What `callbackUrl` is sent when its run has ended: the execution, and how it ended (contracts/testinium.md 4.5). */
export async function renderCallback(services: Services, settings: TestiniumSettings, run: Run): Promise<DeliveryBody> {
  const view = await readRunView(services, run);
  const [children, key] = await Promise.all([
    readGroup(services, view),
    isStartedByKey(run) ? services.keys.getKey(run.trigger.keyId) : undefined,
  ]);
  const starter = key && { id: key.ownerId, name: key.name };
  const ids = resultIdsOf({ view, children });
  return {
    type: 'run.completed',
    timestamp: toIso(run.endedAt ?? services.now()),
    data: {
      ...toExecutionFields({ view, starter, children }, settings, toIso),
      test_results: ids.slice(0, maxListedResults),
      ...(ids.length > maxListedResults ? { test_results_truncated: true } : {}),
      outcome: outcomes[run.result ?? 'errored'],
    },
  };
}
