import { join } from 'node:path';
import { createApp } from '../lib/infra/app.ts';
import { bundleFunctions } from '../lib/infra/bundle.ts';

const { directory } = await bundleFunctions(join(import.meta.dirname, '../dist/functions'));
createApp(directory);
