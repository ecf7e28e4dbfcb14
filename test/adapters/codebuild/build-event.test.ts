import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBuildEvent } from '../../../lib/adapters/codebuild/build-event.ts';

const id = 'my-sample-project:8745a7a9-c340-456a-9166-edf953571bEX';

/** As the user guide shows it, with the variables. */
function event(variables: readonly unknown[], change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: '0',
    'detail-type': 'CodeBuild Build State Change',
    source: 'aws.codebuild',
    detail: {
      'build-status': 'SUCCEEDED',
      'project-name': 'my-sample-project',
      'build-id': `arn:aws:codebuild:us-west-2:123456789012:build/${id}`,
      'additional-information': {
        environment: { image: 'aws/codebuild/standard:5.0', 'environment-variables': variables },
        'timeout-in-minutes': 60,
      },
      ...change,
    },
  };
}

const run = { name: 'PROCTOR_RUN_ID', type: 'PLAINTEXT', value: '52' };
const attempt = { name: 'PROCTOR_ATTEMPT', type: 'PLAINTEXT', value: '2' };

describe('an event of CodeBuild', () => {
  it('names the attempt and the job it is about', () => {
    const others = [{ name: 'TOKEN', type: 'SECRETS_MANAGER', value: 'proctor/tests/x' }, { name: 'EMPTY' }];
    expect(readBuildEvent(event([...others, run, attempt]))).toEqual({ runId: 52, attempt: 2, ref: id });
  });

  it.each([
    ['has no variables of an attempt', event([run])],
    ['has a run that is no id', event([{ ...run, value: '52; drop' }, attempt])],
    ['has no build', event([run, attempt], { 'build-id': 'arn:aws:codebuild:us-west-2:123456789012:project/x' })],
    ['is about something else', { detail: {} }],
  ])('is none of ours when it %s', (_what, given) => {
    expect(readBuildEvent(given)).toBeUndefined();
  });

  it('of any shape is read without an error', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => readBuildEvent({ detail: value }) === undefined));
  });
});
