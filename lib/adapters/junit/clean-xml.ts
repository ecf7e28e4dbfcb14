/** True for a code point of XML 1.0's production `Char` (https://www.w3.org/TR/xml/#charsets). */
export function isXmlCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x09 || codePoint === 0x0a || codePoint === 0x0d;
  if (codePoint < 0xd800) return true;
  return (codePoint >= 0xe000 && codePoint <= 0xfffd) || (codePoint >= 0x10000 && codePoint <= 0x10ffff);
}

/** Removes what no XML 1.0 document may contain. Lone surrogates stay: a decoder has replaced them already. */
export function removeIllegalCharacters(text: string): string {
  return text.replace(illegalCharacters, '');
}

/** True for `#27`, `#x1B`, `#xD800`: the inside of a numeric reference to something that is no XML character. */
export function isIllegalReference(entity: string): boolean {
  const digits = /^#(?:x([0-9a-f]+)|([0-9]+))$/i.exec(entity);
  if (digits === null) return false;
  return !isXmlCharacter(digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16));
}

/** Text for an element or a double-quoted attribute: ASCII only, fully escaped, without illegal characters. */
export function escapeXml(text: string): string {
  if (!needsEscape.test(text)) return text;
  let escaped = '';
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (!needsEscape.test(character)) escaped += character;
    else if (named[character] !== undefined) escaped += named[character];
    else if (isXmlCharacter(codePoint)) escaped += `&#${codePoint};`;
  }
  return escaped;
}

/** Removes colour codes. Their escape character is illegal in XML, so that reporters and parsers leave a bare `[31m`. */
export function removeColours(text: string): string {
  return text.includes('[') ? text.replace(colours, '') : text;
}

/** At most `limit` UTF-16 units, the last of them `…` if something was cut; never half a surrogate pair. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 2);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 2 : limit - 1)}…`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const illegalCharacters = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const needsEscape = /[^ !#-%'-;=?-~]/;
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// Only the codes in use, and not before `]` or seconds: `[5m]` and `[1m 3s]` are durations.
const colours = /(?:#x1b|\\u001b)?\[(?:[0-57-9]|2[2-9]|[34]\d|9[0-7]|10[0-7])(?:;\d{1,3}){0,5}m(?!\]| ?\d{1,9}s)/gi;
