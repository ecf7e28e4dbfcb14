import type { Resource, Template } from '../../infra/synthesize.ts';

/** Where the template is deployed to. */
export const region = 'eu-central-1';
export const accountId = '123456789012';
const stackName = 'Proctor';

type Properties = Record<string, unknown>;

/** What CloudFormation makes of a template: every reference is a name or ARN as AWS gives them. */
export interface Account {
  /** The value with every intrinsic function replaced. Throws at one that is not known here. */
  resolve(value: unknown): unknown;
  /** Resources of a type by logical id, their properties resolved. */
  all(type: string): readonly { readonly id: string; readonly properties: Properties }[];
  arnOf(id: string): string;
}

/** `names` are those of resources that are elsewhere already, by logical id without its hash. */
export function createAccount(template: Template, names: Readonly<Record<string, string>> = {}): Account {
  const find = (id: string): Resource => {
    const resource = template.Resources[id];
    if (resource === undefined) throw new Error(`there is no resource ${id}`);
    return resource;
  };
  const nameOf = (id: string): string => {
    const known = names[id.replace(/[0-9A-F]{8}$/, '')];
    const own = ['FunctionName', 'StateMachineName', 'Name', 'GroupName', 'LogGroupName', 'RegistryName'];
    const { Properties } = find(id);
    const given = own.map((key) => Properties?.[key]).find((value) => value !== undefined);
    return known ?? (given === undefined ? `${stackName}-${id}` : String(resolve(given)));
  };
  const arnOf = (id: string): string => {
    const name = nameOf(id);
    const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${accountId}:${rest}`;
    switch (find(id).Type) {
      case 'AWS::DynamoDB::Table':
        return arn('dynamodb', `table/${name}`);
      case 'AWS::Lambda::Function':
        return arn('lambda', `function:${name}`);
      case 'AWS::SQS::Queue':
        return arn('sqs', name);
      case 'AWS::SNS::Topic':
        return arn('sns', name);
      case 'AWS::Events::EventBus':
        return arn('events', `event-bus/${name}`);
      case 'AWS::Events::Rule': {
        const bus = find(id).Properties.EventBusName;
        return arn('events', bus === undefined ? `rule/${name}` : `rule/${resolve(bus)}/${name}`);
      }
      case 'AWS::StepFunctions::StateMachine':
        return arn('states', `stateMachine:${name}`);
      case 'AWS::SecretsManager::Secret':
        return arn('secretsmanager', `secret:${name}-AbCdEf`);
      case 'AWS::Logs::LogGroup':
        return arn('logs', `log-group:${name}:*`);
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${accountId}:role/${name}`;
      case 'AWS::IAM::ManagedPolicy':
        return `arn:aws:iam::${accountId}:policy/${name}`;
      case 'AWS::EventSchemas::Registry':
        return arn('schemas', `registry/${name}`);
      default:
        throw new Error(`the ARN of ${find(id).Type} is not known here`);
    }
  };
  /** What `Ref` answers is an ARN for some types, and a name for the others. */
  const referTo = (id: string): string => {
    const pseudo: Record<string, string> = {
      'AWS::Region': region,
      'AWS::AccountId': accountId,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': stackName,
    };
    if (pseudo[id] !== undefined) return pseudo[id];
    const { Type } = find(id);
    const byArn = ['StepFunctions::StateMachine', 'SecretsManager::Secret', 'IAM::ManagedPolicy', 'SNS::Topic'];
    if (byArn.some((type) => Type === `AWS::${type}`)) return arnOf(id);
    if (Type === 'AWS::ApiGatewayV2::Api') return 'abc1234567';
    return nameOf(id);
  };
  const attributeOf = (id: string, attribute: string): string => {
    if (/Arn$/.test(attribute)) return arnOf(id);
    if (attribute === 'ApiEndpoint') return `https://abc1234567.execute-api.${region}.amazonaws.com`;
    if (/Name$/.test(attribute)) return nameOf(id);
    throw new Error(`${attribute} of ${id} is not known here`);
  };
  const intrinsics: Record<string, (operand: never) => unknown> = {
    Ref: referTo,
    'Fn::GetAtt': ([id, attribute]: [string, string]) => attributeOf(id, attribute),
    'Fn::Join': ([separator, parts]: [string, unknown[]]) => parts.map((part) => String(resolve(part))).join(separator),
    'Fn::Select': ([index, list]: [number, unknown]) => (resolve(list) as unknown[])[Number(index)],
    'Fn::Sub': (text: string) => text.replace(/\$\{([^}]+)\}/g, (_, id) => referTo(id)),
    'Fn::Split': ([separator, text]: [string, unknown]) => String(resolve(text)).split(separator),
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [[name = '', operand] = []] = entries;
    const intrinsic = entries.length === 1 ? intrinsics[name] : undefined;
    if (intrinsic !== undefined) return intrinsic(operand as never);
    if (name.startsWith('Fn::')) throw new Error(`${name} is not known here`);
    return Object.fromEntries(entries.map(([key, inner]) => [key, resolve(inner)]));
  };
  return {
    resolve,
    arnOf,
    all: (type) =>
      Object.entries(template.Resources)
        .filter(([, { Type }]) => Type === type)
        .map(([id, { Properties }]) => ({ id, properties: resolve(Properties) as Properties })),
  };
}
