import { readFile, writeFile } from 'node:fs/promises';
import { createOpenapiDocument } from './openapi-document.ts';
import { createPlanSchema } from './plan-schema.ts';

/** The beginning of `npm run openapi`: writes docs/openapi.json and docs/plan.schema.json. Tests say when they are out of date. */
const root = new URL('../../../', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string };
await write('docs/openapi.json', createOpenapiDocument(version));
await write('docs/plan.schema.json', createPlanSchema());

async function write(file: string, document: object): Promise<void> {
  await writeFile(new URL(file, root), `${JSON.stringify(document, null, 1)}\n`);
}
