// A fresh process of a function, to its first answer: loads the bundle, calls the handler once, and says on its last line what that
// cost. Without a bundle it is bare Node.
const { performance } = require('node:perf_hooks');
const { writeSync } = require('node:fs');

const [bundle, event] = process.argv.slice(2);
const told = (answer) => {
  const { user, system } = process.cpuUsage();
  const cost = { cpuMs: (user + system) / 1000, wallMs: performance.now() };
  writeSync(1, `\n${JSON.stringify({ ...cost, answer: answer ?? null })}\n`);
  process.exit(0);
};
if (bundle === undefined) told();
else
  require(bundle)
    .handler(JSON.parse(event), { awsRequestId: 'cold' })
    .then(told, (error) => {
      console.error(error);
      process.exit(1);
    });
