import { describeRerun } from './describe-rerun.ts';
import { goTest } from './go-runner.ts';
import { jest, nodeTest, playwright, vitest } from './javascript-runners.ts';
import { pytest } from './pytest-runner.ts';

describeRerun([nodeTest, vitest, jest, playwright, pytest, goTest], 5000);
