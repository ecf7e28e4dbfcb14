/** Variables of a build by which Proctor finds its own again: the attempt's key, and whose build it is. */
export const keyVariable = 'PROCTOR_RUN_KEY';
export const deploymentVariable = 'PROCTOR_DEPLOYMENT';

/** What build specifications call their report group; CodeBuild puts the project's name before it. */
export const reportGroup = 'proctor';
export const reportGroupOf = (project: string): string => `${project}-${reportGroup}`;
