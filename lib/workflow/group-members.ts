/** A plan and the run it got in a group; 0 if it could not be started. */
export interface GroupMember {
  readonly planId: number;
  readonly runId: number;
}

/** Who is in the group of that reference, in the order of the plan. */
export function membersOf(ref: string): GroupMember[] {
  return ref === ''
    ? []
    : ref.split(',').map((member) => {
        const [planId = 0, runId = 0] = member.split(':').map(Number);
        return { planId, runId };
      });
}
