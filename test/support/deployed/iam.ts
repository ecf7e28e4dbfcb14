import type { Account } from './account.ts';

/** A statement of a role, one action and resource a piece: what is granted, and whether anybody used it. */
export interface Grant {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly conditions: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What somebody wants to do. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Grant['conditions'];
}

/** Everything the roles of the account are granted, by policies of their own and by managed ones. */
export function readGrants(account: Account): Grant[] {
  const names = new Map(account.all('AWS::IAM::Role').map(({ id }) => [account.resolve({ Ref: id }) as string, id]));
  const idOf = (name: string): string => names.get(name) ?? '';
  const attached = (arn: string): string[] =>
    account
      .all('AWS::IAM::Role')
      .filter(({ properties }) => ((properties.ManagedPolicyArns ?? []) as string[]).includes(arn))
      .map(({ id }) => id);
  const inline = account
    .all('AWS::IAM::Policy')
    .map(({ properties }) => ({ roles: (properties.Roles as string[]).map(idOf), properties }));
  const managed = account
    .all('AWS::IAM::ManagedPolicy')
    .map(({ id, properties }) => ({ roles: attached(account.arnOf(id)), properties }));
  return [...inline, ...managed].flatMap(({ roles, properties }) => {
    const { Statement } = properties.PolicyDocument as { Statement: Statement[] };
    return roles.flatMap((role) => Statement.flatMap((statement) => split(role, statement)));
  });
}

/** The grant that allows it, as IAM decides: the action by its name, the resource by its pattern, and every condition. */
export function allows(grants: readonly Grant[], role: string, call: Call): Grant | undefined {
  return grants.find(
    (grant) =>
      grant.role === role &&
      grant.action.toLowerCase() === call.action.toLowerCase() &&
      matches(grant.resource, call.resource) &&
      Object.entries(grant.conditions).every(([operator, wanted]) => holds(operator, wanted, call.context ?? {})),
  );
}

/** `*` stands for any text, `?` for one character; everything else for itself. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 's').test(text);
}

function split(role: string, { Effect, Action, Resource, Condition = {} }: Statement): Grant[] {
  if (Effect !== 'Allow') throw new Error(`a statement of ${role} has the effect ${Effect}`);
  return [Action].flat().flatMap((action) =>
    [Resource].flat().map((resource) => {
      if (action.includes('*')) throw new Error(`${role} is granted ${action}`);
      return { role, action, resource, conditions: Condition };
    }),
  );
}

function holds(operator: string, wanted: Readonly<Record<string, string>>, context: Readonly<Record<string, string>>) {
  if (operator !== 'StringEquals') throw new Error(`the condition ${operator} is not known here`);
  return Object.entries(wanted).every(([key, value]) => context[key] === value);
}
