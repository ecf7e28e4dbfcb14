import { patternOf } from './patterns.mjs';

/** Reports nothing: it gives each test file the pattern of the cases that were picked of it (vitest 4.1 and newer). */
export default class {
  onTestRunStart(specifications) {
    for (const specification of specifications) {
      const { moduleId, project } = specification;
      const pattern = patternOf(moduleId, project.config.root);
      if (pattern !== undefined) specification.testNamePattern = new RegExp(pattern);
    }
  }
}
