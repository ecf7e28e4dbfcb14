/**
 * A consumer of Proctor's events: notes each end of a run once, however often its event is delivered. Same id, same event
 * (`detail.id`); events of one run may overtake each other, so they are put in order by `detail.seq`, never by arrival.
 *
 * `claim(id)` answers true for the first who asks, and remembers it for longer than events are repeated: on AWS one
 * conditional put (see `claimInTable`). It comes before the work, and `release` gives it back if the work fails, so that the
 * event that comes again is taken up.
 */
export function createHandler({ claim, release, onRunCompleted }) {
  return async (event) => {
    if (event.source !== 'proctor' || event['detail-type'] !== 'Run Completed') return 'ignored';
    const { detail } = event;
    if (!(await claim(detail.id))) return 'repeated';
    try {
      await onRunCompleted(detail);
    } catch (error) {
      await release(detail.id);
      throw error;
    }
    return 'done';
  };
}

/**
 * The claim in a DynamoDB table with key `id` and time to live `expiresAt`. `client` is a DynamoDBClient and `PutItemCommand`,
 * `DeleteItemCommand` its commands, which the Lambda runtime brings along.
 */
export function claimInTable({ client, PutItemCommand, DeleteItemCommand, tableName, now = Date.now }) {
  return {
    async claim(id) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: tableName,
            // Rules try for 24 hours; twice that is on the safe side.
            Item: { id: { S: id }, expiresAt: { N: String(Math.floor(now() / 1000) + 48 * 3600) } },
            ConditionExpression: 'attribute_not_exists(id)',
          }),
        );
        return true;
      } catch (error) {
        if (error.name === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },
    async release(id) {
      await client.send(new DeleteItemCommand({ TableName: tableName, Key: { id: { S: id } } }));
    },
  };
}
