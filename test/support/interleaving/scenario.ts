import type { Capabilities } from '../../../lib/core/executor.ts';
import type { Overlap } from '../../../lib/core/overlap.ts';
import type { Habits } from './executor.ts';
import { createRandom, type Random } from './random.ts';

/** What someone does; `of` counts the runs that clients were told of, round and round. */
export type Command =
  | {
      readonly do: 'trigger';
      readonly plan: number;
      readonly client: string;
      readonly key?: string;
      readonly overlap?: Overlap;
      /** Demands its slots now. */
      readonly demands?: true;
    }
  | { readonly do: 'stop'; readonly of: number }
  | { readonly do: 'rerun'; readonly of: number; readonly client: string }
  /** Its step, or its completion, is invoked once more, as AWS may do with any function. */
  | { readonly do: 'step' | 'conclude'; readonly of: number }
  | { readonly do: 'sweep' }
  /** Someone walks through the API (tour.ts). */
  | { readonly do: 'tour' }
  | { readonly do: 'crash' };

/** Everything a schedule follows from but the order in which procedures take turns, which follows from the seed. */
export interface Scenario {
  readonly seed: number;
  readonly driver: 'machine' | 'loop';
  /** Documents of the plans, without names. */
  readonly plans: readonly Record<string, unknown>[];
  /** How many runs may use the environment at a time; the plans name it if there is one. */
  readonly capacity?: number;
  readonly capabilities: Capabilities;
  readonly habits: Habits;
  readonly commands: readonly Command[];
  /** Part of the calls of ports that go wrong. */
  readonly faultRate: number;
  /** Part of the steps at which time passes although calls are open. */
  readonly slowness: number;
  /** Part of the steps at which the next command is begun. */
  readonly eagerness: number;
  /** And of the moments at which nothing goes on. */
  readonly haste: number;
  /** Part of the turns that go to whoever is favoured: the others are left far behind. */
  readonly favour: number;
  /** A call that takes long: part of its name, or of its expression. */
  readonly holds?: string;
  /** Part of the turns at which it goes on. */
  readonly lets: number;
  /** Time passes while it lasts. */
  readonly outlasts: boolean;
  /** Part of the turns after which the faults go on, once all commands are begun and while runs go on. */
  readonly lasts: number;
  /** Part of the functions' invocations that are done twice at once, as AWS may do. */
  readonly doubles: number;
  /** Nobody sweeps before the calm but who is told to. */
  readonly sweeps: boolean;
  /** Faults of methods that are met whatever the chance. */
  readonly aim: Aim | undefined;
}

/** Of the list of all faults of methods every `of`th from the `nth` on: schedules in a row go through it again and again. */
export interface Aim {
  readonly nth: number;
  readonly of: number;
  /** The methods; all unless given. */
  readonly at?: readonly string[];
}

const deadlines = { queueSeconds: 900, startSeconds: 240, runSeconds: 900, inactivitySeconds: 240, stopSeconds: 45 };
const cases = { suites: [{ name: 'Checkout', cases: [{ name: 'pays' }, { name: 'refunds' }] }] };

/** What is about a mutant, or a seed that failed once, may be fixed; the rest is chance. */
export type Focus = Partial<Omit<Scenario, 'seed' | 'commands' | 'habits'>> & {
  readonly habits?: Partial<Habits>;
  /** Weights of the kinds of commands, and how many there are. */
  readonly weights?: Partial<Record<Command['do'], number>>;
  readonly length?: number;
  readonly keys?: number;
  /** What triggers say of other runs of their plan. */
  readonly overlaps?: readonly [Overlap, ...Overlap[]];
};

export function makeScenario(seed: number, focus: Focus = {}): Scenario {
  const random = createRandom(`scenario ${seed}`);
  const { habits = {}, weights = {}, length = 3 + random.below(6), keys = 2, overlaps, ...fixed } = focus;
  const faultRate = random.pick([0, 0, 0.005, 0.02, 0.06]);
  const scenario: Scenario = {
    seed,
    driver: random.pick(['machine', 'machine', 'loop']),
    plans: [aPlan(random), aPlan(random)].slice(0, random.pick([1, 1, 2])),
    ...(random.chance(0.25) ? { capacity: random.pick([1, 1, 2]) } : {}),
    capabilities: random.pick<Capabilities>([
      { selects: 'iterations', callsBack: true, polls: false, stops: true },
      { selects: 'iterations', callsBack: true, polls: true, stops: true },
      { selects: 'cases', callsBack: false, polls: true, stops: true },
    ]),
    habits: {
      fails: random.pick([0, 20, 50]),
      silent: random.pick([0, 0, 10, 30]),
      repeats: random.pick([0, 30, 60]),
      outOfOrder: random.pick([0, 0, 40]),
      reusesIds: random.pick([0, 10]),
      unreachable: random.pick([0, 0, 20]),
      slowToStop: random.pick([0, 50]),
      refuses: random.pick([0, 0, 0, 10]),
      slow: 0,
      many: 0,
      ...habits,
    },
    commands: [],
    faultRate,
    slowness: random.pick([0, 0.005, 0.03]),
    eagerness: random.pick([0.01, 0.04, 0.15]),
    haste: random.pick([0.3, 0.3, 0.05]),
    favour: random.pick([0, 0, 0.9]),
    doubles: random.pick([0, 0, 0.1]),
    outlasts: false,
    lasts: 0.98,
    lets: 0.02,
    sweeps: true,
    aim: undefined,
    ...fixed,
  };
  return {
    ...scenario,
    commands: commandsOf(random, scenario, { weights, length, keys, ...(overlaps ? { overlaps } : {}) }),
  };
}

function commandsOf(
  random: Random,
  { plans, capacity }: Scenario,
  { weights, length, keys, overlaps }: Required<Pick<Focus, 'weights' | 'length' | 'keys'>> & Pick<Focus, 'overlaps'>,
): Command[] {
  const kinds = { trigger: 10, stop: 4, rerun: 2, step: 1, conclude: 1, sweep: 2, tour: 0, crash: 1, ...weights };
  const of = (): number => random.below(8);
  const anyKind = (): Command['do'] => {
    let left = random.next() * Object.values(kinds).reduce((sum, weight) => sum + weight, 0);
    for (const [kind, weight] of Object.entries(kinds)) {
      left -= weight;
      if (left < 0) return kind as Command['do'];
    }
    return 'trigger';
  };
  return Array.from({ length: Math.max(1, length) }, (_, i): Command => {
    const kind = i === 0 ? 'trigger' : anyKind();
    const client = `client ${i}`;
    switch (kind) {
      case 'trigger':
        // The same key says the same.
        if (keys > 0 && random.chance(0.4)) return keyed(random.below(keys), client, overlaps);
        return {
          do: 'trigger',
          plan: random.below(plans.length),
          client,
          ...(overlaps !== undefined || random.chance(0.2)
            ? { overlap: random.pick(overlaps ?? ['reject', 'queue', 'allow']) }
            : {}),
          ...(capacity !== undefined && random.chance(0.3) ? { demands: true as const } : {}),
        };
      case 'stop':
      case 'step':
      case 'conclude':
        return { do: kind, of: of() };
      case 'rerun':
        return { do: 'rerun', of: of(), client };
      default:
        return { do: kind };
    }
  });
}

function keyed(nth: number, client: string, overlaps: Focus['overlaps']): Command {
  const overlap = overlaps === undefined ? {} : { overlap: overlaps[nth % overlaps.length] ?? overlaps[0] };
  return { do: 'trigger', plan: 0, client, key: `key ${nth}`, ...overlap };
}

function aPlan(random: Random): Record<string, unknown> {
  return {
    overlap: random.pick(['reject', 'queue', 'queue', 'allow']),
    rerun: { max: random.pick([0, 1, 2]) },
    redispatch: { max: random.pick([0, 0, 1]) },
    deadlines,
    ...(random.chance(0.6) ? cases : {}),
    ...(random.chance(0.3)
      ? { notify: [{ url: 'https://hooks.example/1', on: ['run.started', 'run.completed'], secret: 'env:SECRET' }] }
      : {}),
  };
}
