import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type CfnStage, HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, routes } from '../http/routes.ts';
import { acknowledge } from './acknowledge.ts';
import { httpFunctions } from './function-table.ts';
import { createServiceFunction, toPascalCase, type Workshop } from './service-function.ts';

/** Requests a second, and at once, that the stage lets through; single keys are limited in the entry. */
const throttle = { rateLimit: 500, burstLimit: 1000 };

/** Never the path, which may hold a callback token, nor the query or a header (reliability.md 5.8). */
const accessLogFormat = JSON.stringify({
  requestId: '$context.requestId',
  ip: '$context.identity.sourceIp',
  time: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  responseLength: '$context.responseLength',
  responseLatency: '$context.responseLatency',
  integrationStatus: '$context.integrationStatus',
  error: '$context.error.message',
});

/** The API without its routes: its address is needed before the functions that serve them. */
export function createHttpApi(scope: Construct): HttpApi {
  const api = new HttpApi(scope, 'HttpApi', {
    apiName: Stack.of(scope).stackName,
    description: 'Proctor: trigger, track, rerun and stop test plan runs',
  });
  acknowledge(
    api,
    'AwsSolutions-APIG4',
    'Keys are checked in the shared entry of every function, so that errors keep their documented shape and a revoked key ends at once; one test calls every route with every kind of wrong key.',
  );
  return api;
}

/** The routes of the table, each to its function, and everything else to `not-found`. */
export class HttpRoutes extends Construct {
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;

  constructor(
    scope: Construct,
    id: string,
    { api, workshop, deliver }: { api: HttpApi; workshop: Workshop; deliver: LambdaFunction },
  ) {
    super(scope, id);
    const create = (name: FunctionName | 'not-found'): LambdaFunction => createServiceFunction(this, name, workshop);
    const names = Object.keys(httpFunctions) as FunctionName[];
    this.functions = Object.fromEntries(names.map((name) => [name, create(name)])) as Record<
      FunctionName,
      LambdaFunction
    >;
    const integrations = Object.fromEntries(names.map((name) => [name, integrate(this.functions[name], name)]));
    for (const { method, path, function: name } of routes) {
      const integration = integrations[name];
      if (integration) api.addRoutes({ path, methods: [HttpMethod[method]], integration });
    }
    const notFound = create('not-found');
    // The ARN of this route has no path, which the permission for all paths would not cover.
    const integration = new HttpLambdaIntegration('NotFound', notFound);
    new HttpRoute(api, 'EverythingElse', { httpApi: api, routeKey: HttpRouteKey.DEFAULT, integration });
    this.#letForward(notFound);
    this.#letSend(deliver);
    acknowledge(
      this,
      'Serverless-LambdaDLQ',
      'API Gateway calls these functions synchronously; nothing waits for retry.',
    );
    logAndThrottle(this, api);
  }

  /** Replays and pings are sent by the function that sends everything. */
  #letSend(deliver: LambdaFunction): void {
    const { deliveries } = this.functions;
    deliveries.addEnvironment('DELIVER_FUNCTION', deliver.functionName);
    deliveries.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [deliver.functionArn] }),
    );
  }

  /** A path in another spelling is served by the function its route belongs to. */
  #letForward(notFound: LambdaFunction): void {
    for (const [name, target] of Object.entries(this.functions)) {
      notFound.addEnvironment(`FUNCTION_${name.replaceAll('-', '_').toUpperCase()}`, target.functionName);
    }
    const resources = Object.values(this.functions).map(({ functionArn }) => functionArn);
    notFound.addToRolePolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources }));
  }
}

function integrate(service: LambdaFunction, name: string): HttpLambdaIntegration {
  return new HttpLambdaIntegration(toPascalCase(name), service, {
    // One permission a function: one a route comes near the 20 kB a function's policy may have.
    scopePermissionToRoute: false,
  });
}

function logAndThrottle(scope: Construct, api: HttpApi): void {
  const logGroup = new LogGroup(scope, 'AccessLogs', {
    logGroupName: `/aws/vendedlogs/http/${Stack.of(scope).stackName}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const stage = api.defaultStage?.node.defaultChild as CfnStage;
  stage.accessLogSettings = { destinationArn: logGroup.logGroupArn, format: accessLogFormat };
  stage.defaultRouteSettings = { throttlingRateLimit: throttle.rateLimit, throttlingBurstLimit: throttle.burstLimit };
}
