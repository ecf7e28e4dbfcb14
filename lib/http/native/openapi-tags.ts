/** The parts of the API, in the order a reader meets them. */
export const tags = [
  { name: 'plans', description: 'Test plans as documents: apply, read, replace, delete, and their saved selections.' },
  {
    name: 'runs',
    description: 'Start, follow, explain, rerun and stop runs; their cases, attempts, results and reports.',
  },
  {
    name: 'environments',
    description: 'Variables for the tests, secret ones by reference, and how many runs they take.',
  },
  { name: 'schedules', description: 'When plans run by themselves, and what became of each occurrence.' },
  { name: 'projects', description: 'How many runs of a project go on at once.' },
  { name: 'keys', description: 'API keys, their rights and limits.' },
  { name: 'hooks', description: 'Addresses that forges and CI systems call to start runs.' },
  { name: 'deliveries', description: 'What was sent to subscribers and callback URLs, and what came of it.' },
  { name: 'events', description: 'Events on the bus, which plans may wait for.' },
  { name: 'callbacks', description: 'What an executor calls while it runs an attempt, with the token of the attempt.' },
  {
    name: 'webhooks',
    description: 'What Proctor sends: POSTs signed by Standard Webhooks, in its own form or as CloudEvents.',
  },
  { name: 'documents', description: 'This document, and the JSON Schema of plans.' },
] as const;

export type Tag = (typeof tags)[number]['name'];

/** The part a path belongs to. */
export function tagOf(path: string): Tag {
  if (path.endsWith('.json')) return 'documents';
  if (path.includes('/notify') || path === '/v1/callback-secrets') return 'deliveries';
  if (path.startsWith('/callbacks/')) return 'callbacks';
  if (/^\/v1\/plans\/\{planId\}\/runs$/.test(path)) return 'runs';
  const [, first = '', second = ''] = path.split('/');
  const tag = tags.find(({ name }) => name === (first === 'v1' ? second : first));
  if (tag === undefined) throw new Error(`${path} belongs to no tag of the API document`);
  return tag.name;
}
