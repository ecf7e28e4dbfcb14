/**
 * The text as one word for a POSIX shell. Between single quotes every byte stands for itself but the quote, so only that
 * is written differently (POSIX.1-2024 XCU 2.2.2). NUL cannot be in an argument at all and is dropped.
 */
export function quoteShell(text: string): string {
  const word = text.replaceAll('\0', '');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
