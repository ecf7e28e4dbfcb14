import * as z from 'zod/mini';
import { toBaseUrl } from './base-url.ts';

/** Where the REST API of github.com is; an Enterprise server has its own, `https://<host>/api/v3`. */
export const githubApiUrl = 'https://api.github.com';

/** `owner/name`, as GitHub spells repositories. */
export const repositoryName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, 'must be owner/name'));

/** The commit a run is about. */
export const commit = z.strictObject({
  sha: z.string().check(z.regex(/^[0-9a-f]{40}$/, 'must be 40 lower-case hex digits')),
  /** Unless it is the one the plan names. */
  repository: z.optional(repositoryName),
});
export type Commit = z.output<typeof commit>;

/** The URL of the API's path, which begins with a slash. */
export function githubUrl(apiUrl: string, path: string): string {
  return `${toBaseUrl(apiUrl)}${path}`;
}

/** What every request to the API says of itself, and whose token it carries. */
export function githubHeaders(token: string): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token.trim()}`,
    'x-github-api-version': '2022-11-28',
  };
}
