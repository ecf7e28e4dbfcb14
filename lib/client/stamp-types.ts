import { readFile, writeFile } from 'node:fs/promises';
import { digestOf } from './digest.ts';

/** The end of `npm run openapi`: says in the types which document they are of, so that a test can tell old ones offline. */
const types = new URL('api-types.ts', import.meta.url);
const document = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
await writeFile(types, `// Of docs/openapi.json, SHA-256 ${digestOf(document)}\n${await readFile(types, 'utf8')}`);
