import type { indexes } from '../adapters/dynamodb/definition.ts';
import type { FunctionName } from '../http/routes.ts';

type Read = 'GetItem' | 'BatchGetItem' | 'Query';
type Write = 'PutItem' | 'UpdateItem' | 'DeleteItem';

/** What a function gets and may do. What is not listed it can neither find nor call. */
export interface FunctionSpec {
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly table: readonly (Read | Write)[];
  /** The indexes it queries. */
  readonly indexes?: readonly (typeof indexes)[number]['name'][];
  /** Starts executions of the run machine. */
  readonly starts?: true;
  /** Ends the wait of an execution by its task token. */
  readonly wakes?: true;
  /** Puts events on the bus. */
  readonly publishes?: true;
  /** Makes or verifies callback tokens, seals or opens callback URLs. */
  readonly masterKey?: true;
  /** Arms schedules. */
  readonly arms?: true;
  /** Calls URLs that plans name: reads the secrets beside them, and may reach the private hosts of the deployment. */
  readonly callsOut?: true;
  /** Starts, stops and reads builds of CodeBuild. */
  readonly builds?: true;
}

/** API Gateway gives up after 30 s: a function that goes on longer works for nobody. */
const http = { memoryMb: 1024, timeoutSeconds: 29 };
const readRun = ['GetItem', 'Query'] as const;
/** A completion folds the batches of the run, then tends its plan: the next run may start. */
const completes = {
  table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'],
  starts: true,
  wakes: true,
  publishes: true,
} as const;

/** Serve the routes; the names are those of the route table. */
export const httpFunctions = {
  trigger: {
    description: 'Starts runs',
    ...http,
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'],
    // A rerun of the Testinium API finds the plan's last run, and a plan by its name.
    indexes: ['list'],
    starts: true,
    // A refused trigger gives slots back that others wait for.
    wakes: true,
    masterKey: true,
  },
  'read-runs': {
    description: 'Reads runs, their cases and reports',
    ...http,
    table: ['GetItem', 'BatchGetItem', 'Query'],
    indexes: ['list', 'feed'],
  },
  plans: {
    description: 'Reads plans, and changes their selections',
    ...http,
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'],
    indexes: ['list'],
  },
  'edit-plans': {
    description: 'Applies and deletes plans, and the schedules of their documents with them',
    ...http,
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    indexes: ['list'],
    arms: true,
  },
  environments: {
    description: 'Reads and changes environments',
    ...http,
    memoryMb: 512,
    table: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    indexes: ['list'],
  },
  overrides: {
    description: 'Shows results as people override them',
    ...http,
    table: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
  },
  history: {
    description: 'Reads what the runs and cases of a plan did over time, and the reports of a run',
    ...http,
    table: ['GetItem', 'BatchGetItem', 'Query'],
    indexes: ['list'],
  },
  badges: {
    description: 'Draws the badges of plans, for everybody',
    ...http,
    memoryMb: 512,
    table: ['GetItem', 'BatchGetItem'],
    indexes: ['list'],
  },
  keys: {
    description: 'Makes, lists and revokes API keys',
    ...http,
    memoryMb: 512,
    table: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'],
    indexes: ['list'],
  },
  results: {
    description: 'Takes results and progress of executors',
    ...http,
    // Parsing 30 MB of JUnit XML peaks at 340 MB and takes a second of a full core (performance.md P7).
    memoryMb: 1769,
    table: [...readRun, 'PutItem', 'UpdateItem'],
    wakes: true,
    publishes: true,
    masterKey: true,
  },
  // Stopping everything walks the list of plans.
  'stop-run': { description: 'Stops runs', ...http, ...completes, indexes: ['list'] },
  deliveries: {
    description: 'Lists, replays and tests deliveries to subscribers',
    ...http,
    memoryMb: 512,
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'],
    indexes: ['list', 'feed'],
    masterKey: true,
  },
  hooks: {
    description: 'Takes the webhooks of forges and CI systems, which start runs',
    ...http,
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    indexes: ['list'],
    starts: true,
    wakes: true,
    masterKey: true,
  },
  events: { description: 'Takes events for the bus', ...http, memoryMb: 512, table: ['GetItem'], publishes: true },
  schedules: {
    description: 'Reads, changes and previews schedules',
    ...http,
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    indexes: ['list', 'feed'],
    arms: true,
  },
  // It reads nothing: its files are in its bundle.
  page: { description: 'Serves the page', ...http, memoryMb: 512, table: [] },
  documents: {
    description: 'Serves the OpenAPI document and the JSON Schema of plans',
    ...http,
    memoryMb: 512,
    table: [],
  },
} as const satisfies Record<FunctionName, FunctionSpec>;

/** Serve no route of the table. */
const otherFunctions = {
  'not-found': {
    description: 'Serves what no route fits: other spellings of a path, 404 and 405',
    memoryMb: 512,
    timeoutSeconds: 29,
    table: ['GetItem'],
  },
  'step-run': {
    description: 'One step of a run: dispatch, poll, stop, or say how long to wait',
    memoryMb: 1024,
    // Longer than any call to an executor, and shorter than the 60 s after which a dispatch counts as lost.
    timeoutSeconds: 55,
    table: [...readRun, 'BatchGetItem', 'PutItem', 'UpdateItem'],
    // Of the children of a group.
    starts: true,
    wakes: true,
    publishes: true,
    masterKey: true,
    callsOut: true,
    builds: true,
  },
  'complete-run': { description: 'Completes a run', memoryMb: 1024, timeoutSeconds: 60, ...completes },
  sweep: {
    description: 'Looks after every run that is due',
    memoryMb: 1024,
    // One pass ends after 45 s and one run more.
    timeoutSeconds: 110,
    ...completes,
    indexes: ['due'],
    masterKey: true,
    callsOut: true,
    builds: true,
  },
  'fire-schedule': {
    description: 'Starts the runs of schedules, and looks after every schedule that is due',
    memoryMb: 1024,
    // Shorter than the 60 s after which its claim is given up, longer than a passage over what is due.
    timeoutSeconds: 55,
    ...completes,
    // A schedule whose plan is gone goes, too; a plan's are found by its list.
    table: [...completes.table, 'DeleteItem'],
    indexes: ['due', 'list'],
    arms: true,
  },
  deliver: {
    description: 'Sends deliveries to subscribers and callback URLs',
    memoryMb: 512,
    // One pass looks a minute ahead; the last try begun then is over 15 s later.
    timeoutSeconds: 110,
    table: [...readRun, 'BatchGetItem', 'UpdateItem'],
    // A late status of a commit asks for newer runs of its plan.
    indexes: ['due', 'list'],
    publishes: true,
    masterKey: true,
    callsOut: true,
  },
  'build-changed': {
    description: 'Wakes the run of a build that is over',
    memoryMb: 512,
    timeoutSeconds: 30,
    table: [...readRun, 'UpdateItem'],
    wakes: true,
  },
  'bus-event': {
    description: 'Starts the runs that events on the bus ask for',
    memoryMb: 1024,
    timeoutSeconds: 60,
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem'],
    indexes: ['feed'],
    starts: true,
    // A refused trigger gives slots back that others wait for.
    wakes: true,
    publishes: true,
  },
  'execution-failed': {
    description: 'Continues or completes a run whose execution failed',
    memoryMb: 1024,
    timeoutSeconds: 60,
    ...completes,
  },
} as const satisfies Record<string, FunctionSpec>;

export const functionTable: Readonly<Record<string, FunctionSpec>> = { ...httpFunctions, ...otherFunctions };
export const functionNames = Object.keys(functionTable);
export type AnyFunction = keyof typeof httpFunctions | keyof typeof otherFunctions;
