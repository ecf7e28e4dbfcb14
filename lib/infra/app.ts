import { App, type AppProps, Validations } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { readTestiniumSettings } from '../http/testinium/settings.ts';
import type { AlarmSettings } from './alarms.ts';
import { readBuildSettings } from './build-settings.ts';
import { ProctorStack } from './stack.ts';

/**
 * The app as it is deployed, with the checks that stop it from being synthesized when something is found. Context, all of it
 * optional: `stackName`, `allowPrivate`, `codebuildProjects` and `eventSources` (comma between them), `testinium` and
 * `codebuild` as JSON, `alarms` (false makes none), `alarmTopicArn`, `alarmEmail`, `logRetentionDays`, `traceAll`,
 * `tableName` (see ProctorStackProps).
 */
export function createApp(bundles: string, props: AppProps = {}): { readonly app: App; readonly stack: ProctorStack } {
  const app = new App({
    ...props,
    context: {
      ...recommendedFlags,
      '@aws-cdk/core:strictCfnValidateErrors': true,
      ...props.context,
    },
  });
  const stackName: string = app.node.tryGetContext('stackName') ?? 'Proctor';
  const allowPrivate: string | undefined = app.node.tryGetContext('allowPrivate');
  // An object in cdk.json, text on the command line.
  const testinium: unknown = app.node.tryGetContext('testinium');
  const codebuild: unknown = app.node.tryGetContext('codebuild');
  const codebuildProjects: string | undefined = app.node.tryGetContext('codebuildProjects');
  const eventSources: string | undefined = app.node.tryGetContext('eventSources');
  const logRetentionDays: string | number | undefined = app.node.tryGetContext('logRetentionDays');
  const traceAll: string | boolean | undefined = app.node.tryGetContext('traceAll');
  const tableName: string | undefined = app.node.tryGetContext('tableName');
  const stack = new ProctorStack(app, stackName, {
    bundles,
    ...(allowPrivate === undefined ? {} : { allowPrivate }),
    ...(eventSources === undefined ? {} : { eventSources: eventSources.split(',').map((source) => source.trim()) }),
    ...(testinium === undefined
      ? {}
      : { testinium: readTestiniumSettings(typeof testinium === 'string' ? testinium : JSON.stringify(testinium)) }),
    ...(codebuild === undefined ? {} : { codebuild: readBuildSettings(codebuild) }),
    ...(codebuildProjects === undefined ? {} : { codebuildProjects: codebuildProjects.split(',') }),
    ...(logRetentionDays === undefined ? {} : { logRetentionDays: Number(logRetentionDays) }),
    ...(tableName === undefined ? {} : { tableName }),
    traceAll: String(traceAll) === 'true',
    alarms: readAlarms(app),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return { app, stack };
}

function readAlarms(app: App): AlarmSettings | false {
  const text = (key: string): string | undefined => app.node.tryGetContext(key);
  // A boolean in cdk.json, text on the command line.
  if (String(text('alarms')) === 'false') return false;
  const [topicArn, email] = [text('alarmTopicArn'), text('alarmEmail')];
  return { ...(topicArn === undefined ? {} : { topicArn }), ...(email === undefined ? {} : { email }) };
}
