/**
 * Dollars at list price, us-east-1, without free tiers, as known on 2026-11-26 and not fetched: the services’ own pricing pages
 * (aws.amazon.com/<service>/pricing) have the last word.
 */
export const prices = {
  /** Step Functions, Standard: $0.025 per 1,000 state transitions. */
  transition: 0.025 / 1000,
  /** API Gateway, HTTP API: $1.00 a million, each begun 512 kB one. */
  apiRequest: 1 / 1e6,
  apiRequestBytes: 512 * 1024,
  /** Lambda: $0.20 a million invocations, arm64 $0.0000133334 a GB-second; loading a function is charged as its time is. */
  invocation: 0.2 / 1e6,
  gigabyteSecond: 0.0000133334,
  /** DynamoDB on demand, Standard: $0.625 a million write units, $0.125 a million read units. */
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  /** A month of a gigabyte: $0.25, and $0.20 for the backup of every moment. */
  storedGigabyte: 0.25 + 0.2,
  /** EventBridge: $1.00 a million events put; those of AWS services, and what rules deliver in the account, are free. */
  event: 1 / 1e6,
  /** CloudWatch Logs: $0.50 a gigabyte, of functions and vended alike, and 26 bytes a line; $0.03 a month of storage. */
  logGigabyte: 0.5 + 0.03,
  logLineBytes: 26,
  /** X-Ray: $5.00 a million traces recorded. */
  trace: 5 / 1e6,
  /** Secrets Manager: $0.05 per 10,000 calls. */
  secretCall: 0.05 / 10_000,
} as const;
