import { matchRoute } from '../http/router.ts';
import { type FunctionName, type Route, routes } from '../http/routes.ts';
import type { ApiGatewayEvent, ApiGatewayResult } from './api-gateway.ts';

/**
 * Serves what API Gateway has no route for. Slashes too many do not count here, so a path in such a spelling goes to the
 * function its route belongs to; whatever really fits no route is answered by `refuse`.
 */
export function createForward(options: {
  /** Calls the function of that name and answers its result as JSON. */
  readonly invoke: (name: FunctionName, payload: string) => Promise<string>;
  readonly refuse: (event: ApiGatewayEvent) => Promise<ApiGatewayResult>;
}): (event: ApiGatewayEvent) => Promise<ApiGatewayResult> {
  return async (event) => {
    const { http, stage } = event.requestContext;
    const [first, ...rest] = event.rawPath.split('/').filter((segment) => segment !== '');
    const segments = first === undefined || first === stage ? rest : [first, ...rest];
    const match = matchRoute<Route>(routes, http.method, `/${segments.join('/')}`);
    if (match === null || !('route' in match)) return options.refuse(event);
    const prefix = first !== undefined && first === stage ? `/${stage}` : '';
    const forwarded = { ...event, rawPath: `${prefix}/${segments.join('/')}` };
    return JSON.parse(await options.invoke(match.route.function, JSON.stringify(forwarded))) as ApiGatewayResult;
  };
}
