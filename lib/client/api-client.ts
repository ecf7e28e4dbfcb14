import createClient, {
  type Client,
  type ClientPathsWithMethod,
  type MaybeOptionalInit,
  type MethodResponse,
} from 'openapi-fetch';
import { ServiceError } from '../core/errors.ts';
import type { paths } from './api-types.ts';
import { addIdempotencyKeys } from './idempotency-keys.ts';
import { type Manners, patientFetch } from './patient-fetch.ts';
import { throwRefusals } from './refusal.ts';

/**
 * A Proctor reached over HTTP, as every client reaches it. Paths, parameters, bodies and answers are those of the API's
 * document; there is an answer, or a ServiceError is thrown.
 */
export interface ApiClient {
  readonly url: string;
  readonly GET: Call<'get'>;
  readonly POST: Call<'post'>;
  readonly PUT: Call<'put'>;
  readonly DELETE: Call<'delete'>;
}

export type Call<M extends 'get' | 'post' | 'put' | 'delete'> = <
  P extends ClientPathsWithMethod<Client<paths>, M>,
  I extends MaybeOptionalInit<paths[P], M>,
>(
  path: P,
  ...init: undefined extends I ? [init?: I & Manners] : [init: I & Manners]
) => Promise<{ readonly data: MethodResponse<Client<paths>, M, P, I>; readonly response: Response }>;

/**
 * The client of the Proctor at the URL. Answers that are no success become ServiceErrors with the server's own code and
 * message. `keySource` is where the key was found, for the person whose key is refused.
 */
export function createApiClient(url: string, key: string, keySource = 'PROCTOR_KEY'): ApiClient {
  const client = createClient<paths>({
    baseUrl: url,
    headers: { authorization: `Bearer ${key}` },
    querySerializer: { array: { style: 'form', explode: false } },
    fetch: patientFetch,
  });
  client.use(addIdempotencyKeys, throwRefusals(keySource));
  const readable =
    (method: (path: never, init?: never) => Promise<unknown>) =>
    async (path: never, init?: never): Promise<unknown> => {
      try {
        return await method(path, init);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        const message = `${url} answered what is no JSON: is that a Proctor? Check PROCTOR_URL`;
        throw new ServiceError('UNAVAILABLE', message, { cause: error });
      }
    };
  return {
    url,
    GET: readable(client.GET) as Call<'get'>,
    POST: readable(client.POST) as Call<'post'>,
    PUT: readable(client.PUT) as Call<'put'>,
    DELETE: readable(client.DELETE) as Call<'delete'>,
  };
}
