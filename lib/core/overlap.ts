/** What a trigger does while another run of the plan is active. */
export const overlaps = ['reject', 'queue', 'allow'] as const;
export type Overlap = (typeof overlaps)[number];
