import { isServiceError, ServiceError } from '../../core/errors.ts';

/**
 * What a failed call of CodeBuild means: trouble that passes, a refusal with what to do about it, or an answer that makes no
 * sense. The cause is left out, because it holds what was sent.
 */
export function toServiceError(error: unknown, what: string): ServiceError {
  if (isServiceError(error)) return error;
  const { name, message, status } = readError(error);
  const said = message === '' ? name : `${name}: ${message.slice(0, 500)}`;
  const refused = (advice: string) => new ServiceError('EXECUTOR_REFUSED', `${what}. ${advice} (${said})`);
  if (name === 'SyntaxError' || name === 'TypeError') {
    return new ServiceError('EXECUTOR_PROTOCOL', `${what}: the answer of CodeBuild makes no sense`);
  }
  if (/Credentials|Region is missing/.test(`${name} ${message}`)) {
    return refused('Give Proctor AWS credentials and a region: AWS_PROFILE or AWS_ACCESS_KEY_ID, and AWS_REGION.');
  }
  const isPassing = /Throttling|TooManyRequests|LimitExceeded|Timeout/.test(name);
  if (isPassing || status === undefined || status >= 500 || status === 429) {
    return new ServiceError('EXECUTOR_UNAVAILABLE', `${what} now: ${said}`);
  }
  if (/AccessDenied|Unrecognized|ExpiredToken|InvalidClientToken|SignatureDoesNotMatch/.test(name)) {
    return refused('Allow Proctor the project and its report groups; docs/executors.md lists the actions.');
  }
  if (name === 'ResourceNotFoundException') return refused('Check project, report group and region of the plan.');
  return refused("Check the executor settings of the plan and the project's own.");
}

function readError(error: unknown): { name: string; message: string; status: number | undefined } {
  if (!(error instanceof Error)) return { name: 'Error', message: '', status: undefined };
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  // The SDK tells a body it could not read on top of the status of the answer it came with.
  const isGarbage = error.message.includes('Deserialization error') && ($metadata?.httpStatusCode ?? 200) < 400;
  return { name: isGarbage ? 'SyntaxError' : error.name, message: error.message, status: $metadata?.httpStatusCode };
}
