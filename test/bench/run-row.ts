import { pathToFileURL } from 'node:url';
import type { Row } from './row.ts';

/** Measures the row of the module named as argument, and sends its outcome to the process that asked. */
const { row } = (await import(pathToFileURL(process.argv[2] ?? '').href)) as { row: Row };
const { id, what, target } = row;
process.send?.({ id, what, target });
const outcome = await row.measure((text) => process.stderr.write(`  ${text}\n`));
// A row may leave a server or a timer behind.
process.send?.({ outcome }, undefined, {}, () => process.exit(0));
