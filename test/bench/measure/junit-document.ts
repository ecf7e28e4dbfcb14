/** JUnit XML as a project of that size writes it: names of several words, one case in a hundred with a failure. */
export function junitDocument(
  cases: number,
  options: { readonly fails?: (i: number) => boolean; readonly only?: (i: number) => boolean } = {},
): Buffer {
  const { fails = (i) => i % 100 === 99, only = () => true } = options;
  const random = createRandom(cases);
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'];
  let suite = '';
  for (let i = 0; i < cases; i += 1) {
    if (i % 200 === 0) suite = `com.acme.${word(random)}.${word(random)}${Math.floor(i / 200)}Test`;
    if (i % 200 === 0) parts.push(`${i > 0 ? '</testsuite>\n' : ''}<testsuite name="${suite}">\n`);
    const name = Array.from({ length: 4 + Math.floor(random() * 4) }, () => word(random)).join(' ');
    // A millisecond to twenty seconds, short ones as often as ten times longer ones.
    const seconds = (20_000 ** random() / 1000).toFixed(3);
    const failure = `<failure message="expected ${Math.floor(random() * 1000)}, got ${Math.floor(random() * 1000)}" type="AssertionError">at ${suite}.call(${word(random)}.java:${Math.floor(random() * 500)})</failure>`;
    const start = `<testcase classname="${suite}" name="${name} ${i}" time="${seconds}"`;
    if (only(i)) parts.push(fails(i) ? `${start}>${failure}</testcase>\n` : `${start}/>\n`);
  }
  parts.push(cases > 0 ? '</testsuite>\n</testsuites>\n' : '</testsuites>\n');
  return Buffer.from(parts.join(''));
}

/** Two syllables each: 400 words, of which a name's compress as badly as people's do. */
const syllables = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu'.split(' ');

function word(random: () => number): string {
  const syllable = () => syllables[Math.floor(random() * syllables.length)] ?? '';
  return syllable() + syllable();
}

/** The same document every time: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
