import { describeExecutorContract } from '../contract.ts';
import { githubTraits, setupGithub } from './harness.ts';

describeExecutorContract('github-actions', githubTraits, setupGithub(true));
describeExecutorContract('github-actions, without ids of runs,', githubTraits, setupGithub(false));
