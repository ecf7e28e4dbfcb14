import * as z from 'zod/mini';
import type { Egress } from '../../adapters/egress.ts';
import { readJUnit } from '../../adapters/junit/read-junit.ts';
import { isServiceError, ServiceError } from '../../core/errors.ts';
import type { Dispatch } from '../../core/executor.ts';
import { matchesGlob } from '../../core/glob.ts';
import type { ReportedCase } from '../../core/results.ts';
import { settingsOf } from '../../core/settings-of.ts';
import { selectorFor } from '../command/selectors/selector-for.ts';
import { lastOfEach, worstOfEach } from '../worst-of-each.ts';
import { type GithubApi, notUnderstood, type Settings } from './github-api.ts';
import { unzipReports } from './unzip-reports.ts';
import { parsed } from './workflow-runs.ts';

const artifact = z.object({ id: z.int().check(z.gte(1)), name: z.string(), expired: z.catch(z.boolean(), false) });
const artifactList = z.object({ artifacts: z.array(artifact) });
type Artifact = z.output<typeof artifact>;

/** Artifacts of one run that are looked through, and read. */
const maxListed = 1000;
const maxRead = 50;
/** Of one archive, and of everything unpacked (reliability.md F14). */
const maxZipBytes = 16 * 1024 * 1024;
const maxXmlBytes = 64 * 1024 * 1024;
const downloadMs = 30_000;

/** The cases a run's artifacts hold, and why they are not all, if so. */
export interface ArtifactResults {
  readonly cases: readonly ReportedCase[];
  readonly unreadable?: string;
}

/**
 * Reads the JUnit XML of the artifacts the plan names. A case that several documents hold is the worst of them: they are jobs
 * side by side, and a pass of one must not hide a failure of another.
 */
export async function readArtifacts(
  api: GithubApi,
  egress: Egress,
  dispatch: Dispatch,
  runId: number,
): Promise<ArtifactResults> {
  const settings = settingsOf('github-actions', dispatch.settings);
  const found = await listArtifacts(api, settings, runId);
  if (found.length === 0) return { cases: [], unreadable: `it left no artifact called ${settings.artifact}` };
  if (found.length > maxRead) return { cases: [], unreadable: `it left more than ${maxRead} artifacts` };
  const titles = new Set(dispatch.machines.map(({ title }) => title));
  const isMachine = (machine: string): boolean => titles.has(machine);
  const ofDocument = selectorFor(settings)?.reportsOnce ? worstOfEach : lastOfEach;
  const most = { bytes: maxXmlBytes };
  const cases: ReportedCase[] = [];
  let unreadable: string | undefined;
  for (const one of found) {
    const documents: ReportedCase[][] = [];
    try {
      if (one.expired) throw new ServiceError('REPORT_UNREADABLE', 'it has expired');
      const zip = await download(api, egress, settings, one);
      await readReports(zip, most, documents);
    } catch (error) {
      if (!isServiceError(error, 'REPORT_UNREADABLE')) throw error;
      unreadable ??= `its artifact ${one.name} cannot be read: ${error.message}`;
    }
    for (const document of documents) cases.push(...ofDocument(document, isMachine));
  }
  const worst = worstOfEach(cases, isMachine);
  return unreadable === undefined ? { cases: worst } : { cases: worst, unreadable };
}

/** Those of the plan's name, the newest of each: a run that was started again leaves another of the same name. */
async function listArtifacts(api: GithubApi, settings: Settings, runId: number): Promise<Artifact[]> {
  const newest = new Map<string, Artifact>();
  for (let page = 1; page <= maxListed / 100; page++) {
    const path = `/actions/runs/${runId}/artifacts?per_page=100&page=${page}`;
    const { artifacts } = parsed(artifactList, await api.call(settings, 'GET', path));
    for (const one of artifacts) {
      if (matchesGlob(one.name, settings.artifact) && one.id > (newest.get(one.name)?.id ?? 0))
        newest.set(one.name, one);
    }
    if (artifacts.length < 100) break;
  }
  return [...newest.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** GitHub answers with where the archive is, for a minute, at another host: which is none of the token's business. */
async function download(api: GithubApi, egress: Egress, settings: Settings, { id }: Artifact): Promise<Uint8Array> {
  const answer = await api.call(settings, 'GET', `/actions/artifacts/${id}/zip`);
  if (answer.status === 404 || answer.status === 410) throw new ServiceError('REPORT_UNREADABLE', 'it has expired');
  const { location } = answer.headers;
  if (answer.status !== 302 || location === undefined || !URL.canParse(location)) throw notUnderstood();
  const zip = await egress.send({
    method: 'GET',
    url: location,
    maxResponseBytes: maxZipBytes,
    timeoutMs: downloadMs,
  });
  if (zip.status !== 200) {
    throw new ServiceError('EXECUTOR_UNAVAILABLE', `The artifact cannot be loaded now: status ${zip.status}.`);
  }
  if (zip.truncated) throw new ServiceError('REPORT_UNREADABLE', `it is larger than ${maxZipBytes} bytes`);
  return zip.body;
}

async function readReports(zip: Uint8Array, most: { bytes: number }, documents: ReportedCase[][]): Promise<void> {
  let files = 0;
  for (const { name, chunks } of unzipReports(zip, most)) {
    files += 1;
    const cases: ReportedCase[] = [];
    documents.push(cases);
    try {
      for await (const some of readJUnit(chunks)) for (const one of some) cases.push(one);
    } catch (error) {
      if (!isServiceError(error, 'REPORT_UNREADABLE')) throw error;
      throw new ServiceError('REPORT_UNREADABLE', `${name.slice(-200)}: ${error.message}`);
    }
  }
  if (files === 0) throw new ServiceError('REPORT_UNREADABLE', 'it holds no XML file');
}
