/** The names a plan's id comes under, in bodies and as a parameter (contracts/testsigma.md 3.2, 3.10). */
export const planIdNames = ['executionId', 'testPlanId', 'executionid'] as const;
