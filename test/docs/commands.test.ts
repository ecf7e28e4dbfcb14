import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../support/program.ts';
import { blocksOf, documents, fileOf, isSession } from './blocks.ts';
import { elsewhere } from './elsewhere.ts';
import { type Outcome, runSteps, type Step, stepsOf, toPattern } from './session.ts';
import { startWorld } from './world.ts';

const stepsIn = (document: string) => blocksOf(document).filter(isSession).flatMap(stepsOf);
const beginnings = Object.keys(elsewhere).toSorted((a, b) => b.length - a.length);
const beginningOf = ({ command }: Step) =>
  beginnings.find((beginning) => command === beginning || command.startsWith(`${beginning} `));
const isHere = (step: Step) => beginningOf(step) === undefined;
const withCommands = documents.filter((document) => stepsIn(document).some(isHere));

const outcomes = new Map<string, Outcome>();
const localize = new Map<string, (text: string) => string>();

beforeAll(async () => {
  const program = await buildProgram();
  await Promise.all(withCommands.map((document) => follow(document, program)));
}, 600_000);

/** Does what the document says, from its first line to its last, in a world of its own. */
async function follow(document: string, program: string): Promise<void> {
  const world = await startWorld(program);
  try {
    localize.set(document, world.localize);
    const blocks = blocksOf(document);
    for (const block of blocks) {
      const file = fileOf(block);
      if (file !== undefined) world.write(file, world.localize(block.text));
    }
    const steps = blocks.filter(isSession).flatMap(stepsOf).filter(isHere);
    const local = steps.map((step) => ({ ...step, command: world.localize(step.command) }));
    for (const outcome of await runSteps(local, world.cwd, world.env)) outcomes.set(outcome.step.place, outcome);
  } finally {
    await world.close();
  }
}

describe.each(withCommands)('every command of %s does what is said', (document) => {
  const steps = stepsIn(document).filter(isHere);
  it.each(steps.map((step, i) => ({ ...step, next: steps[i + 1]?.command })))(
    '$place $command',
    ({ place, command, shown, next }) => {
      const outcome = outcomes.get(place);
      expect(outcome, `${command} was not reached`).toBeDefined();
      const { code = 127, output = '' } = outcome ?? {};
      // Whoever looks at $? next says which it is.
      if (next !== 'echo $?') expect(code, `${command}\n${output}`).toBe(0);
      if (shown === undefined) return;
      const pattern = toPattern(localize.get(document)?.(shown) ?? shown);
      if (!pattern.test(`${output.trimEnd()}\n`)) expect(output).toBe(shown);
    },
  );
});

describe('what cannot be executed here', () => {
  const there = documents.flatMap((document) =>
    blocksOf(document)
      .filter(isSession)
      .flatMap((block) => stepsOf(block).map((step) => ({ ...step, block })))
      .filter((step) => !isHere(step)),
  );

  it('is this list and no more', () => {
    expect([...new Set(there.map(beginningOf))].toSorted()).toEqual(Object.keys(elsewhere).toSorted());
  });

  it.each(there)(
    '$place says what it needs, and is checked otherwise: $command',
    async (step) => {
      const { mark = '', check } = elsewhere[beginningOf(step) ?? ''] ?? {};
      expect(step.block.text).toContain(mark);
      expect(check).toBeDefined();
      await check?.(step.command.replace(/\s+# .*$/, ''));
    },
    120_000,
  );
});
