import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnLoadResult, Plugin } from 'esbuild';

/** Modules of the SDK that are replaced, by their paths, and why nothing is missed. */
export const standIns: Readonly<Record<string, string>> = {
  // Lambda hands credentials over in the environment: no need for the chain that looks for them elsewhere.
  '@aws-sdk/credential-provider-node/dist-es/index.js': `export const defaultProvider = () => async () => ({
    accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    sessionToken: process.env.AWS_SESSION_TOKEN,
  });`,
  // Settings are in the environment, too: Lambda has no files of profiles.
  '@smithy/core/dist-es/submodules/config/node-config-provider/configLoader.js': `export { loadConfig } from ${own('load-config.ts')};`,
  // And the region: nobody has to ask the machine.
  '@smithy/core/dist-es/submodules/config/config-resolver/regionConfig/getInstanceMetadataRegion.js':
    'export const getInstanceMetadataRegion = async () => undefined;',
  // Nobody sets the mode of defaults, whose timeouts and retries are set one by one.
  '@smithy/core/dist-es/submodules/config/defaults-mode/resolveDefaultsModeConfig.js':
    "export const resolveDefaultsModeConfig = () => async () => 'legacy';",
  // Rules of endpoints are replaced below.
  '@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partition.js': `export const getUserAgentPrefix = () => '';
  export const partition = undefined, setPartitionInfo = undefined, useDefaultPartitionInfo = undefined;`,
  '@smithy/core/dist-es/submodules/endpoints/middleware-endpoint/service-customizations/index.js':
    'export const resolveParamsForS3 = undefined;',
  // Off unless an application asks for it.
  '@aws-sdk/middleware-endpoint-discovery/dist-es/index.js': `export const resolveEndpointDiscoveryConfig = (config) => config;
  export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
    environmentVariableSelector: () => false, configFileSelector: () => false, default: false,
  };`,
  // Operations that stream events, of which we call none; the client of Lambda asks for their settings.
  '@smithy/core/dist-es/submodules/event-streams/index.js': `export const resolveEventStreamSerdeConfig = (config) => config;
  export const eventStreamSerdeProvider = () => undefined;`,
  '@smithy/signature-v4/dist-es/HeaderFormatter.js': 'export class HeaderFormatter {}',
  // Buses in several regions, which are signed otherwise.
  '@aws-sdk/signature-v4-multi-region/dist-es/index.js':
    "export { SignatureV4 as SignatureV4MultiRegion } from '@smithy/signature-v4';",
  // Tells the SDK, its version and the system, without the letters of the features that were used.
  '@aws-sdk/core/dist-es/submodules/client/middleware-user-agent/user-agent-middleware.js': `
  export const userAgentMiddleware = undefined;
  const toText = ([name, version]) => (version ? name + (name.includes('/') ? '#' : '/') + version : name);
  export const getUserAgentMiddlewareOptions = { name: 'getUserAgentMiddleware', step: 'build', priority: 'low', override: true };
  export const getUserAgentPlugin = ({ defaultUserAgentProvider }) => ({
    applyToStack: (stack) => stack.add((next) => async (args) => {
      args.request.headers['user-agent'] = (await defaultUserAgentProvider()).map(toText).join(' ');
      return next(args);
    }, getUserAgentMiddlewareOptions),
  });`,
  // Times of AWS JSON are seconds since 1970, those of the two REST services we call are in no answer that is read.
  '@smithy/core/dist-es/submodules/serde/date-utils.js': `const other = () => { throw new Error('a time in a format of other services'); };
  export const parseEpochTimestamp = (seconds) => (seconds == null ? undefined : new Date(Math.round(Number(seconds) * 1000)));
  export { other as dateToUtcString, other as parseRfc3339DateTime, other as parseRfc3339DateTimeWithOffset, other as parseRfc7231DateTime };`,
  // For a Node without its own.
  '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js': 'export const Sha256Js = undefined;',
  // Retries are the standard ones (docs/decisions.md).
  '@smithy/core/dist-es/submodules/retry/util-retry/AdaptiveRetryStrategy.js':
    "export { StandardRetryStrategy as AdaptiveRetryStrategy } from './StandardRetryStrategy';",
  // Tells invocations of one process apart; Lambda gives it one at a time, and the trace is in the environment.
  '@aws/lambda-invoke-store/dist-es/invoke-store.js':
    'export const InvokeStore = { getInstanceAsync: async () => undefined };',
  // No client of ours is given a logger.
  '@aws-sdk/core/dist-es/submodules/client/middleware-logger/loggerMiddleware.js':
    'export const getLoggerPlugin = () => ({ applyToStack() {} }), loggerMiddleware = undefined, loggerMiddlewareOptions = undefined;',
  '@smithy/core/dist-es/submodules/client/smithy-client/schemaLogFilter.js':
    'export const schemaLogFilter = () => undefined;',
  // The runtime of the functions is the stack's choice.
  '@aws-sdk/core/dist-es/submodules/client/emitWarningIfUnsupportedVersion.js':
    'export const emitWarningIfUnsupportedVersion = () => {}, state = undefined;',
};

/** Nor extensions: what is left of them is the one thing they do without any. */
const noExtensions = `export const resolveRuntimeExtensions = (config) => {
  if (config.defaultSocketTimeout)
    config.requestHandler.updateHttpClientConfig?.(Symbol.for('@smithy/defaultSocketTimeout'), config.defaultSocketTimeout);
  return config;
};`;

/** Names of the services in their endpoints, by the SDK's. */
export const hosts: Readonly<Record<string, string>> = {
  codebuild: 'codebuild',
  dynamodb: 'dynamodb',
  eventbridge: 'events',
  lambda: 'lambda',
  scheduler: 'scheduler',
  'secrets-manager': 'secretsmanager',
  sfn: 'states',
  ssm: 'ssm',
};

/** Leaves out what an SDK client carries along and these functions never reach: more than half of a small one. */
export const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup({ onLoad, onResolve }) {
    // Imported where it is needed, which is never: it is no chunk beside the function.
    onResolve({ filter: /^(bowser|@smithy\/core\/event-streams)$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
    const endings = Object.keys(standIns).map((ending) => ending.replaceAll('.', '\\.'));
    onLoad({ filter: new RegExp(`node_modules/(${endings.join('|')})$`) }, ({ path }) =>
      js(standIns[path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)] ?? ''),
    );
    onLoad({ filter: /@aws-sdk\/client-[a-z-]+\/dist-es\/endpoint\/endpointResolver\.js$/ }, ({ path }) => {
      const host = hosts[/client-([a-z-]+)/.exec(path)?.[1] ?? ''];
      if (host === undefined) throw new Error(`${path}: the host of this service is not known`);
      return js(`import { createEndpointResolver } from ${own('endpoint.ts')};
      export const defaultEndpointResolver = createEndpointResolver('${host}');`);
    });
    onLoad({ filter: /@aws-sdk\/client-[a-z-]+\/dist-es\/runtimeExtensions\.js$/ }, () => js(noExtensions));
    // For the user agent, which wants the version alone.
    onLoad({ filter: /@aws-sdk\/client-[a-z-]+\/package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
    onLoad({ filter: /@aws-sdk\/client-[a-z-]+\/dist-es\/schemas\/schemas_0\.js$/ }, async ({ path }) =>
      js(leanSchemas(await readFile(path, 'utf8'))),
    );
  },
};

/**
 * The schemas of a client so that those of operations nobody calls can be left out. A class for each error is 10 to 70 kB; one
 * that is not registered has the base class, and its name all the same. A key that is computed might do something, so keys are
 * written out.
 */
function leanSchemas(schemas: string): string {
  const words = new Map([...schemas.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, name, word]) => [name, word]));
  return schemas
    .replace(/^n0_registry\.registerError\(.*\);$/gm, '')
    .replace(/\[(_\w+)\]:/g, (computed, name) => (words.has(name) ? `${words.get(name)}:` : computed));
}

function own(file: string): string {
  return JSON.stringify(join(import.meta.dirname, file));
}

function js(contents: string): OnLoadResult {
  return { contents, loader: 'js' };
}
