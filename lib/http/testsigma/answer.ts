import type { Services } from '../../core/ports.ts';
import { escapeScriptWords, json } from '../json.ts';
import type { HttpRequest, HttpResponse } from '../message.ts';

/** 200, the only code of success scripts know (T1), as compact JSON in which no text looks like a key they search (T2, T5). */
export function answerJson(value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const answer = json(200, value, headers);
  return { ...answer, body: escapeScriptWords(answer.body) };
}

/** What depends on how the run object was asked for: where its link leads, and whether the community edition's keys are on it. */
export function shapeOf(services: Services, request: Pick<HttpRequest, 'path' | 'baseUrl'>) {
  const [, , resource] = request.path.split('/').filter((segment) => segment !== '');
  return { baseUrl: request.baseUrl || services.publicUrl, snakeCase: resource === 'test_plan_results' };
}
