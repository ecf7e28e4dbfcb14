/** The project a deployment has for plans that name none, and where the plan's files are in its source. */
export interface DefaultProject {
  readonly name: string;
  /** The plan files' folder within the source; `''` is its root. */
  readonly root: string;
  /** Run before the command of a plan that names no set-up of its own. */
  readonly setup?: string;
  readonly runtimes?: Readonly<Record<string, string>>;
  /** ARN. */
  readonly reportGroup: string;
}

/** What a deployment knows of its builds. */
export interface BuildDeployment {
  /** Tells its builds, and their events, from those of other deployments in the account. */
  readonly name: string;
  readonly project?: DefaultProject;
}
