import type { ApiGatewayEvent } from '../../../lib/adapters/api-gateway.ts';
import { type Account, accountId, region } from './account.ts';
import { matches } from './iam.ts';

interface Route {
  readonly key: string;
  readonly method: string;
  readonly segments: readonly string[];
  readonly functionArn: string;
}

/** May this service call the function on behalf of that resource, by the function's own policy? */
export function mayCall(account: Account, principal: string, functionArn: string, sourceArn: string): boolean {
  return account.all('AWS::Lambda::Permission').some(({ properties }) => {
    const { Action, Principal, FunctionName, SourceArn } = properties as Record<string, string>;
    return (
      Action === 'lambda:InvokeFunction' &&
      Principal === principal &&
      FunctionName === functionArn &&
      matches(SourceArn ?? '', sourceArn)
    );
  });
}

/**
 * The template's routes as an HTTP API chooses among them: the path must fit segment by segment, literal segments go before
 * parameters, and `$default` gets what fits none. Answers the function, and the event as that function gets it.
 */
export function createRouting(account: Account): (event: ApiGatewayEvent) => { functionArn: string; event: object } {
  const integrations = new Map(
    account
      .all('AWS::ApiGatewayV2::Integration')
      .map(({ id, properties }) => [`integrations/${account.resolve({ Ref: id })}`, String(properties.IntegrationUri)]),
  );
  const routes = account.all('AWS::ApiGatewayV2::Route').map(({ properties }): Route => {
    const { RouteKey, Target } = properties as Record<string, string>;
    const [method = '', path = ''] = (RouteKey ?? '').split(' ');
    return {
      key: RouteKey ?? '',
      method,
      segments: path.split('/'),
      functionArn: integrations.get(Target ?? '') ?? '',
    };
  });

  return (event) => {
    const { method } = event.requestContext.http;
    const segments = event.rawPath.split('/');
    const fitting = routes.filter((route) => route.method === method && fits(route.segments, segments));
    const [route] = [...fitting.sort(byLiterals), ...routes.filter(({ key }) => key === '$default')];
    if (route === undefined) throw new Error('the API has no default route');
    const { key, functionArn } = route;
    const stagePath = key === '$default' ? '$default/$default' : `$default/${key.replace(' ', '')}`;
    const sourceArn = `arn:aws:execute-api:${region}:${accountId}:abc1234567/${stagePath}`;
    if (!mayCall(account, 'apigateway.amazonaws.com', functionArn, sourceArn)) {
      throw new Error(`the API may not call ${functionArn} for ${key}`);
    }
    return { functionArn, event: complete(event, route, segments) };
  };
}

/** What a function gets besides what is read of it. */
function complete(event: ApiGatewayEvent, { key, segments }: Route, path: readonly string[]): object {
  const pathParameters = Object.fromEntries(
    segments.flatMap((segment, i) => (segment.startsWith('{') ? [[segment.slice(1, -1), path[i]]] : [])),
  );
  const { http, ...context } = event.requestContext;
  return {
    version: '2.0',
    routeKey: key,
    ...event,
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      ...context,
      accountId: 'anonymous',
      apiId: 'abc1234567',
      domainPrefix: 'abc1234567',
      routeKey: key,
      http: { ...http, path: event.rawPath, protocol: 'HTTP/1.1', userAgent: event.headers?.['user-agent'] ?? '' },
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
  };
}

function fits(route: readonly string[], path: readonly string[]): boolean {
  return (
    route.length === path.length &&
    route.every((segment, i) => (segment.startsWith('{') ? path[i] !== '' : segment === path[i]))
  );
}

function byLiterals(a: Route, b: Route): number {
  const literals = ({ segments }: Route) => segments.map((segment) => (segment.startsWith('{') ? '1' : '0')).join('');
  return literals(a) < literals(b) ? -1 : 1;
}
