// What Lambda is to a function: a fresh process with its variables, that loads the bundle and calls its handler. Names of the
// internet that the test serves lead to its ports, so that the function's own rules for addresses hold for them.
const net = require('node:net');
const dns = require('node:dns/promises');

const { bundle, internet } = JSON.parse(process.argv[2]);
const publicAddress = { address: '93.184.215.14', family: 4 };
const { connect } = net.Socket.prototype;

dns.lookup = async (host) => {
  if (host in internet) return [publicAddress];
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
};
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const port = internet[options?.host];
  if (port !== undefined) {
    // The address it was checked for is the one it must go to.
    options.lookup(options.host, { all: true }, (error, addresses) => {
      if (error || addresses[0]?.address !== publicAddress.address)
        throw error ?? new Error('another address than checked');
    });
    Object.assign(options, { host: '127.0.0.1', port, lookup: undefined });
  }
  return connect.apply(this, args);
};

// A clock of the test's own goes on from where the test says it is when it calls. Bundles keep `Date.now` when they are loaded.
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;

const loading = performance.now();
const { handler } = require(bundle);
let initMs = performance.now() - loading;
process.on('message', async ({ event, context, now }) => {
  // Never back: what it knows must not be from its future.
  if (now !== undefined) ahead = Math.max(ahead, now - realNow());
  const [cpu, startedAt] = [process.cpuUsage(), performance.now()];
  let outcome;
  try {
    const answer = await handler(event, context);
    outcome = { answer: answer === undefined ? null : answer };
  } catch (error) {
    outcome = { error: { name: error.name, message: error.message, stack: error.stack } };
  }
  const { user, system } = process.cpuUsage(cpu);
  const used = { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000, initMs };
  initMs = 0;
  process.send({ ...outcome, used });
});
