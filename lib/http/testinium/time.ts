/** ISO 8601 UTC to the second; a fraction or an offset is what clients fail to parse (contracts/testinium.md T9). */
export function toIso(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
