import { commandTraits, setupCommand } from './command-harness.ts';
import { describeExecutorContract } from './contract.ts';
import { httpTraits, setupHttp } from './http-harness.ts';

describeExecutorContract('http', httpTraits, setupHttp);
describeExecutorContract('command', commandTraits, setupCommand);
