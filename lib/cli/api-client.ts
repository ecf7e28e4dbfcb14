import { ServiceError } from '../core/errors.ts';

/** A Proctor reached over HTTP, as every client reaches it. */
export interface ApiClient {
  get<T>(path: string): Promise<T>;
  getText(path: string): Promise<string>;
  post<T>(path: string, body: string, contentType?: string): Promise<T>;
}

/** Answers that are no success become errors whose message is the server's own. */
export function createApiClient(url: string, key: string): ApiClient {
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...init.headers, authorization: `Bearer ${key}` };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    if (response.ok) return response;
    throw new ServiceError(
      'UNAVAILABLE',
      `${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`,
    );
  };
  return {
    get: async <T>(path: string) => (await (await call(path)).json()) as T,
    getText: async (path) => (await call(path)).text(),
    post: async <T>(path: string, body: string, contentType = 'application/json') => {
      const response = await call(path, { method: 'POST', body, headers: { 'content-type': contentType } });
      return (await response.json()) as T;
    },
  };
}
