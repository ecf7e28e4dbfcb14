import { describeRerun } from './describe-rerun.ts';
import { nodeTest, vitest } from './javascript-runners.ts';

// The same with 5,000 cases, and with the runners that must be installed first: `npm run test:runners`.
describeRerun([nodeTest, vitest], 500);
