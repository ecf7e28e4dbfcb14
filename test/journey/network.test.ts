import { afterEach, expect, test } from 'vitest';
import { type NetworkFault, networkFaults } from '../support/faulty-proxy.ts';
import { createRandom } from '../support/interleaving/random.ts';
import { type Link, links, openNetworkWorld } from '../support/network-world.ts';
import { tellSoak } from '../support/tell-soak.ts';

/** Runs with faults by chance; the soak has its own figure. */
const runs = Number(process.env.NETWORK_RUNS ?? 5);
const seed = Number(process.env.SEED ?? 20261123);
/** So many connections of a link fail in a row at most: an executor that nobody reaches for longer is one that is down. */
const inARow = 4;

type World = Awaited<ReturnType<typeof openNetworkWorld>>;
let world: World | undefined;
afterEach(() => world?.close());

/** One run, and what must hold of it whatever the network did. */
async function expectRight(world: World): Promise<void> {
  const [jobs, answers, receipts] = [world.jobs.size, world.answers.length, world.receipts.length];
  const runId = await world.run();
  const run = await world.stores.runs.getRun(runId);
  expect(run).toMatchObject({ status: 'completed', result: 'passed', attempt: 2 });
  expect(run?.counts).toMatchObject({ total: 3, passed: 3, flaky: 1 });
  // Each attempt is one job, however often it was dispatched.
  expect(world.jobs.size - jobs).toBe(2);
  // Three cases and an end, then one and an end; a repeat of what was taken is taken.
  expect(world.answers.slice(answers)).toEqual(Array(6).fill(202));
  const ends = world.published.filter(
    ({ detailType, detail }) => detailType === 'Run Completed' && detail.runId === runId,
  );
  expect(new Set(ends.map(({ id }) => id)).size).toBe(1);
  const [delivery] = await world.stores.deliveries.listDeliveriesByRun(runId);
  expect(delivery?.state).toBe('delivered');
  const got = world.receipts.slice(receipts);
  expect(new Set(got.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
  // Sent until it is accepted, and no more.
  expect(got.map(({ fault }) => comesThrough(fault))).toEqual([...Array(got.length - 1).fill(false), true]);
}

/** The answer, or enough of it. */
function comesThrough(fault: NetworkFault | undefined): boolean {
  return fault === undefined || fault === 'latency' || fault === 'slowClose';
}

test.each(links)('what goes wrong once on the way to the %s breaks nothing, whatever it is', async (link) => {
  const next: (NetworkFault | undefined)[] = [];
  world = await openNetworkWorld((on) => (on === link ? next.shift() : undefined));
  for (const fault of networkFaults) {
    next.push(fault);
    await expectRight(world);
    expect([fault, next]).toEqual([fault, []]);
  }
});

test(`${runs} runs over networks that fail by chance end right (SEED=${seed})`, {
  timeout: 60_000 + runs * 10_000,
}, async () => {
  const random = createRandom(`network ${seed}`);
  const failed = new Map<Link, number>();
  const met = new Map<string, number>();
  world = await openNetworkWorld((link) => {
    const soFar = failed.get(link) ?? 0;
    const fault = soFar < inARow && random.chance(0.4) ? random.pick(networkFaults) : undefined;
    failed.set(link, fault === undefined || comesThrough(fault) ? 0 : soFar + 1);
    if (fault !== undefined) met.set(`${link} ${fault}`, (met.get(`${link} ${fault}`) ?? 0) + 1);
    return fault;
  });
  for (let run = 0; run < runs; run++) {
    await expectRight(world);
    if ((run + 1) % 100 === 0) process.stderr.write(`  ${run + 1} runs\n`);
  }
  tellSoak(`${[...met.values()].reduce((sum, count) => sum + count, 0)} faults`);
  if (runs >= 100) expect(met.size).toBe(links.length * networkFaults.length);
});
