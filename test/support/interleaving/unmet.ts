/** Faults of methods that many thousand schedules do not meet, each with the reason: none. */
export const unmet: Readonly<Record<string, string>> = {};

/** Methods that need so much to come together that a few hundred schedules may not meet each of their faults. */
export const rare: Readonly<Record<string, string>> = {
  'circuits.putCircuit': 'Attempts that nobody took follow one another.',
  'deliveries.clearSubscription': 'A receiver that failed answers again.',
  'deliveries.deliveryEventSent': 'A delivery is given up.',
  'deliveries.disableSubscription': 'A receiver is gone.',
  'executor.stop': 'A job is stopped while things still go wrong.',
  'plans.deletionGivenUp': 'Whoever deletes a plan comes to it only after the sweeper.',
  'plans.schedulesSynced': 'A plan goes with its schedules.',
  'runs.callWaiter': 'A slot becomes free while another run waits for it.',
  'runs.cancelDone': 'A job that outlived its run is gone.',
  'runs.continueExecution': 'An execution ends without its run, after all of its retries.',
  'runs.countGarbage': 'An executor is asked and makes no sense.',
  'runs.extendResultIds': 'An attempt reports 200 new cases.',
  'runs.holdDispatch': 'An executor fails so often that dispatches wait for it.',
  'runs.holdPoll': 'An executor asks to be left alone.',
  'runs.keepToken': 'The sweeper finds an execution that may sleep on.',
  'runs.linkRerun': 'The run a walk wants again has ended by then.',
  'runs.markRunning': 'Results come before the dispatch has its answer.',
  'runs.markTokenOver': 'The sweeper finds an execution that nobody can wake just then.',
  'runs.override': 'The run a walk overrides has ended by then.',
  'runs.promote': 'A run ends while another waits for it.',
  'runs.release': 'A run ends while another waits for it.',
  'runs.waitForSlots': 'There are more runs than slots.',
  'schedules.getOccurrence': 'The bus does not take that an occurrence was skipped, and the sweeper tells it.',
  'schedules.occurrenceTold': 'An occurrence is skipped.',
  'slots.stopWaiting': 'A run ends before it has its place among those that wait.',
  'slots.untakeSlot': 'A run gives up the slots it took, for want of another.',
  'slots.waitForSlot': 'There are more runs than slots.',
};
