import { readFile, writeFile } from 'node:fs/promises';
import { createOpenapiDocument } from './openapi-document.ts';

/** `npm run openapi`: writes docs/openapi.json. A test says when it is out of date. */
const root = new URL('../../../', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string };
await writeFile(new URL('docs/openapi.json', root), `${JSON.stringify(createOpenapiDocument(version), null, 1)}\n`);
