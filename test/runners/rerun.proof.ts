import { describeRerun } from './describe-rerun.ts';
import { jest, nodeTest, playwright, vitest } from './javascript-runners.ts';
import { pytest } from './pytest-runner.ts';

describeRerun([nodeTest, vitest, jest, playwright, pytest], 5000);
