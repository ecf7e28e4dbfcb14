import * as z from 'zod/mini';
import { planSchema } from '../../core/plan.ts';
import { describeId } from './openapi-components.ts';
import { descriptions } from './plan-descriptions.ts';

/** A piece of JSON Schema. */
export interface JsonSchema {
  description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

/**
 * The JSON Schema of a plan's document, as people write it. Draft 7 is what editors know best. It says what can be said of a
 * field by itself; `proctor plans validate` knows the rest.
 */
export function createPlanSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(planSchema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => describeId({ zodSchema, jsonSchema, io: 'input' }),
  });
  for (const [path, field] of fieldsOf(schema as JsonSchema)) {
    const description = descriptions[path];
    if (description !== undefined) field.description = description;
  }
  const description = 'A test plan of Proctor, in YAML or JSON.';
  return { $schema, title: 'Proctor test plan', description, ...schema };
}

/** Every field by its path: `suites.cases.name`; of an alternative by its type, as in `executor.command.directory`. */
export function fieldsOf(schema: JsonSchema, path = ''): [path: string, field: JsonSchema][] {
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema;
  const type = properties.type?.const;
  const here = typeof type === 'string' ? join(path, type) : path;
  return [
    ...Object.entries(properties).flatMap(([name, field]): [string, JsonSchema][] => [
      [join(here, name), field],
      ...fieldsOf(field, join(here, name)),
    ]),
    ...[...(items === undefined ? [] : [items]), ...anyOf, ...oneOf].flatMap((one) => fieldsOf(one, path)),
  ];
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
