import type { Builds } from '../adapters/codebuild.ts';
import type { Egress } from '../adapters/egress.ts';
import type { Secrets } from '../core/ports.ts';
import type { BuildDeployment } from './codebuild/deployment.ts';

/** What executors that speak HTTP are made of. */
export interface HttpTools {
  readonly egress: Egress;
  /** By the references in plans. */
  readonly secrets: Secrets;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A fresh id without dots, for messages that must not be taken for repeats. */
  readonly newId: () => string;
}

/** What all executors that call out are made of. */
export interface RemoteTools extends HttpTools {
  /** Of AWS CodeBuild, in a region or where Proctor is. */
  readonly builds: (region: string | undefined) => Builds;
  readonly deployment: BuildDeployment;
}
