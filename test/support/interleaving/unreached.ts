/** Methods of ports that no schedule calls, each with the reason. */
export const unreached: Readonly<Record<string, string>> = {
  'runs.extendResultIds': 'An attempt reports 200 new cases; theirs report three.',
};

/** Methods that need so much to come together that thousands of schedules may not meet them with each fault. */
export const rare: Readonly<Record<string, string>> = {
  'runs.holdDispatch': 'An executor fails so often that dispatches wait for it.',
  'plans.deletionGivenUp': 'Whoever deletes a plan dies in between, and the sweeper comes before they come again.',
  'schedules.getOccurrence': 'The bus does not take that an occurrence was skipped, and the sweeper tells it.',
};
