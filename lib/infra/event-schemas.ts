import { readdirSync, readFileSync } from 'node:fs';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';

interface JsonSchema {
  readonly title: string;
  readonly description?: string;
}

const directory = new URL('../../docs/events/', import.meta.url);

/** The schemas of `docs/events` in a registry, where consoles show them and code bindings are made from them. */
export class EventSchemas extends Construct {
  constructor(scope: Construct, id: string, registryName: string) {
    super(scope, id);
    const registry = new CfnRegistry(this, 'Registry', { registryName, description: 'Events of Proctor' });
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.schema.json'))) {
      const schema: JsonSchema = JSON.parse(readFileSync(new URL(file, directory), 'utf8'));
      const name = schema.title.replaceAll(' ', '');
      new CfnSchema(this, name, {
        registryName: registry.attrRegistryName,
        schemaName: `${sourceOf(schema)}@${name}`,
        type: 'OpenApi3',
        description: schema.title,
        content: JSON.stringify(toOpenApi(schema, name)),
      });
    }
  }
}

/** Anyone may ask for a run, so that one has no source of its own. */
function sourceOf({ title }: JsonSchema): string {
  return title === 'Run Requested' ? 'any' : 'proctor';
}

/** As the registry writes schemas of events: the envelope is `AWSEvent`, the detail beside it. */
function toOpenApi(schema: JsonSchema, name: string): object {
  const { title } = schema;
  const text = { type: 'string' };
  return {
    openapi: '3.0.0',
    info: { version: '1.0.0', title: name },
    paths: {},
    components: {
      schemas: {
        AWSEvent: {
          type: 'object',
          required: ['detail-type', 'resources', 'detail', 'id', 'source', 'time', 'region', 'version', 'account'],
          'x-amazon-events-detail-type': title,
          'x-amazon-events-source': sourceOf(schema),
          properties: {
            detail: { $ref: `#/components/schemas/${name}` },
            'detail-type': text,
            resources: { type: 'array', items: text },
            id: text,
            source: text,
            time: { type: 'string', format: 'date-time' },
            region: text,
            version: text,
            account: text,
          },
        },
        [name]: toDialect(schema),
      },
    },
  };
}

/** OpenAPI 3.0 knows neither `const` nor lists of types, and no key that names the dialect. */
function toDialect(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toDialect);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (key === '$schema' || key === '$id') return [];
    if (key === 'const') return [['enum', [value]]];
    if (key !== 'type' || !Array.isArray(value)) return [[key, toDialect(value)]];
    const [type] = value.filter((one) => one !== 'null');
    return [
      ['type', type],
      ['nullable', true],
    ];
  });
  return Object.fromEntries(entries);
}
