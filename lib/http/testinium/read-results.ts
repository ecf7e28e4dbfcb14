import type { Services } from '../../core/ports.ts';
import { isVisible, positionOf, type Run } from '../../core/run.ts';
import { readRunView } from '../../workflow/read-run.ts';
import { maySee } from '../entry.ts';
import type { Handler, Principal } from '../message.ts';
import { answerJson } from './answer.ts';
import { reading } from './behind.ts';
import { readRunEnvironments } from './environment.ts';
import type { WriteTime } from './execution-object.ts';
import { missing, readId } from './find.ts';
import { toResultObject } from './result-object.ts';
import type { TestiniumSettings } from './settings.ts';
import { toIso } from './time.ts';

const maxMessage = 2000;

/** `GET /results/{id}` (contracts/testinium.md 3.8): dates are texts. */
export function createGetResult(services: Services, settings: TestiniumSettings): Handler {
  return createRead(services, settings, toIso);
}

/** `GET /testResults/{id}`: dates are numbers. */
export function createGetTestResult(services: Services, settings: TestiniumSettings): Handler {
  return createRead(services, settings, Number);
}

function createRead(services: Services, settings: TestiniumSettings, write: WriteTime): Handler {
  return reading(settings, async ({ params }, principal) => {
    const id = readId('id', params.id, 'result');
    const { run, position } = await findResult(services, principal, id);
    const view = await readRunView(services, run);
    const testCase = view.cases.find((candidate) => candidate.position === position);
    if (testCase === undefined) throw missing('result', id);
    const environment = (await readRunEnvironments(services, view))(position);
    return answerJson(200, toResultObject(view, testCase, environment, { settings, write, maxMessage }));
  });
}

/** The run that owns the id, and which of its catalog positions it stands for. */
async function findResult(
  services: Services,
  principal: Principal,
  id: number,
): Promise<{ readonly run: Run; readonly position: number }> {
  const runId = await services.runs.findByResultId(id);
  const run = runId === undefined ? undefined : await services.runs.getRun(runId);
  const position = run && positionOf(run, id);
  if (run === undefined || position === undefined || !isVisible(run) || !maySee(principal, run)) {
    throw missing('result', id);
  }
  return { run, position };
}
