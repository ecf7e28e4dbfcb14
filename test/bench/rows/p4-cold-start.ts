import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleFunctions, type Sizes } from '../../../lib/infra/bundle.ts';
import { leanSdk } from '../../../lib/infra/lean-sdk/plugin.ts';
import { anchorPath } from '../anchors.ts';
import { openScenes } from '../cold/scenes.ts';
import { type Call, type Cost, startCold } from '../cold/start-cold.ts';
import { median } from '../measure/statistics.ts';
import type { Anchor, Figure, Row } from '../row.ts';

const rounds = 20;
const runners = ['@cloudsnorkel/cdk-github-runners', '0.14.13'] as const;
/** CPU of two webhook functions on one machine (performance.md P4). The second is not on npm: its figure is in ratio to the first. */
const published = { 'cdk-github-runners': 114, 'terraform-aws-github-runner': 141 };

export const row: Row = {
  id: 'P4',
  what: 'cold start of the functions: load and first call, minus bare Node',
  target: '0.70 of cdk-github-runners, 0.60 of terraform-aws-github-runner, no function above 300 kB',
  async measure(say) {
    const { directory, sizes } = await bundleFunctions(mkdtempSync(join(tmpdir(), 'proctor-cold-')));
    const scenes = await openScenes(directory);
    const client = await bundleClient();
    const anchor = await anchorBundle().catch((error: Error) => {
      say(`${runners[0]} cannot be installed: ${error.message}`);
    });
    const subjects: Readonly<Record<string, () => Promise<Call>>> = {
      'bare Node': async () => ({}),
      ...(anchor && { 'cdk-github-runners': async () => scenes.webhook(anchor) }),
      trigger: scenes.trigger,
      'SDK client alone': async () => scenes.client(client),
      'step-run': scenes.stepRun,
      results: scenes.results,
      'read-runs': scenes.readRun,
    };
    const costs = await takeTurns(subjects, say);
    scenes.close();
    return toOutcome(costs, sizes);
  },
};

/** Each subject once a round, so that whatever else the machine does is shared by all of them. */
async function takeTurns(
  subjects: Readonly<Record<string, () => Promise<Call>>>,
  say: (text: string) => void,
): Promise<ReadonlyMap<string, Cost>> {
  const seen = new Map<string, Cost[]>(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    if (round % 5 === 0) say(`round ${round + 1} of ${rounds}`);
    for (const [name, prepare] of Object.entries(subjects)) {
      const { answer, ...cost } = await startCold(await prepare());
      refuseFailure(name, answer);
      seen.get(name)?.push(cost);
    }
  }
  const medians = [...seen].map(([name, costs]) => {
    const of = (key: keyof Cost) => median(costs.map((cost) => cost[key]));
    return [name, { cpuMs: of('cpuMs'), wallMs: of('wallMs') }] as const;
  });
  return new Map(medians);
}

function toOutcome(costs: ReadonlyMap<string, Cost>, sizes: Readonly<Record<string, Sizes>>) {
  const bare = costs.get('bare Node') ?? { cpuMs: 0, wallMs: 0 };
  const above = (name: string): Cost | undefined => {
    const cost = costs.get(name);
    return cost && { cpuMs: cost.cpuMs - bare.cpuMs, wallMs: cost.wallMs - bare.wallMs };
  };
  const times = (name: string): Figure[] => {
    const { cpuMs, wallMs } = above(name) ?? { cpuMs: Number.NaN, wallMs: Number.NaN };
    return [
      { name: `${name}, CPU`, value: round(cpuMs), unit: 'ms' },
      { name: `${name}, wall`, value: round(wallMs), unit: 'ms' },
    ];
  };
  const anchor = above('cdk-github-runners');
  const cdkMs = anchor?.cpuMs ?? published['cdk-github-runners'];
  const terraformMs = (cdkMs * published['terraform-aws-github-runner']) / published['cdk-github-runners'];
  const triggerMs = above('trigger')?.cpuMs ?? Number.NaN;
  const source = anchor ? 'measured' : 'published';
  const anchors: Anchor[] = [
    { name: 'cdk-github-runners, CPU', value: round(cdkMs), unit: 'ms', source },
    ...(anchor ? [{ name: 'cdk-github-runners, wall', value: round(anchor.wallMs), unit: 'ms', source } as const] : []),
    { name: 'terraform-aws-github-runner, CPU', value: round(terraformMs), unit: 'ms', source: 'published' },
    ...times('SDK client alone').map((figure): Anchor => ({ ...figure, source: 'measured' })),
  ];
  const figures: Figure[] = [
    { name: 'trigger / cdk-github-runners', value: round(triggerMs / cdkMs, 2), unit: 'of its CPU', target: 0.7 },
    {
      name: 'trigger / terraform-aws-github-runner',
      value: round(triggerMs / terraformMs, 2),
      unit: 'of its CPU',
      target: 0.6,
    },
    ...['trigger', 'step-run', 'results', 'read-runs'].flatMap(times),
    ...Object.entries(sizes).flatMap(([name, { start, whole }]): Figure[] => [
      { name: `${name}, at start`, value: round(start / 1000), unit: 'kB', target: 300 },
      { name: `${name}, with all parts`, value: round(whole / 1000), unit: 'kB' },
    ]),
  ];
  return { figures, anchors };
}

/** The floor: a client of the SDK as the functions carry it, that reads one item. */
async function bundleClient(): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'proctor-client-')), 'index.cjs');
  const contents = `import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
    const client = new DynamoDBClient({});
    export const handler = async () => client.send(
      new GetItemCommand({ TableName: process.env.TABLE_NAME, Key: { pk: { S: 'a' }, sk: { S: 'b' } } }));`;
  await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    plugins: [leanSdk],
    logLevel: 'error',
  });
  return outfile;
}

async function anchorBundle(): Promise<string> {
  // Its peers are what an application brings, and no part of its functions.
  process.env.npm_config_legacy_peer_deps = 'true';
  return join(await anchorPath(...runners), 'assets/webhook-handler.lambda/index.js');
}

/** A call that was refused did less than it should. */
function refuseFailure(name: string, answer: unknown): void {
  const { statusCode, body } = (answer ?? {}) as { statusCode?: number; body?: string };
  if (statusCode !== undefined && statusCode >= 300) throw new Error(`${name} answered ${statusCode}: ${body}`);
}

function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}
