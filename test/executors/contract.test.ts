import { codebuildTraits, setupCodebuild } from './codebuild-harness.ts';
import { commandTraits, setupCommand } from './command-harness.ts';
import { describeExecutorContract } from './contract.ts';
import { httpTraits, setupHttp } from './http-harness.ts';
import { setupTestsigma, testsigmaTraits } from './testsigma-harness.ts';

describeExecutorContract('http', httpTraits, setupHttp);
describeExecutorContract('codebuild', codebuildTraits, setupCodebuild);
describeExecutorContract('command', commandTraits, setupCommand);
describeExecutorContract('testsigma', testsigmaTraits, setupTestsigma);
