import { CfnLogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

const allowed = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/** Has every log group of the scope keep its lines for so many days. */
export function keepLogs(scope: Construct, days: number): void {
  if (!allowed.includes(days)) {
    throw new Error(`logRetentionDays: ${days} is not one of ${allowed.filter((each) => each < 9999).join(', ')}`);
  }
  for (const construct of scope.node.findAll()) {
    if (construct instanceof CfnLogGroup) construct.retentionInDays = days;
  }
}
