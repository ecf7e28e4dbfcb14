import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { ours } from './parsers.ts';

/** Reads the packed report named as argument, and says how many cases it had and how much memory that took at most. */
const cases = await ours(createReadStream(process.argv[2] ?? '').pipe(createGunzip()));
process.stdout.write(JSON.stringify({ cases, peakMb: process.resourceUsage().maxRSS / 1024 }));
