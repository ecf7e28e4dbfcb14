import { licenceOf, readLock } from '../lib/supply-chain.ts';

/** `npm run licences`: what is installed, a line each, by licence. What runs on AWS or embedded comes without `dev`. */
const lines = readLock()
  .filter(({ optional }) => !optional)
  .map((each) => [licenceOf(each), `${each.name}@${each.version}`, each.dev ? 'dev' : ''].join('\t'));
process.stdout.write(`${lines.sort().join('\n')}\n`);
