import {
  BatchGetBuildsCommand,
  BatchGetReportsCommand,
  CodeBuildClient,
  type CodeBuildClientConfig,
  DescribeTestCasesCommand,
  ListBuildsForProjectCommand,
  StartBuildCommand,
  type StartBuildInput,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';

/** The calls of CodeBuild that are made, and no other: what is not imported is not in the bundle (performance.md P4). */
export function createCalls(config: CodeBuildClientConfig) {
  const client = new CodeBuildClient(config);
  return {
    start: (input: StartBuildInput) => client.send(new StartBuildCommand(input)),
    stop: (id: string) => client.send(new StopBuildCommand({ id })),
    builds: (ids: string[]) => client.send(new BatchGetBuildsCommand({ ids })),
    // Newest first. An explicit order is an error for projects with more than 100 builds.
    list: (projectName: string) => client.send(new ListBuildsForProjectCommand({ projectName })),
    reports: (reportArns: string[]) => client.send(new BatchGetReportsCommand({ reportArns })),
    testCases: (reportArn: string, nextToken: string | undefined) =>
      client.send(new DescribeTestCasesCommand({ reportArn, maxResults: 100, ...(nextToken && { nextToken }) })),
  };
}

export type Calls = ReturnType<typeof createCalls>;
export type { StartBuildInput };
