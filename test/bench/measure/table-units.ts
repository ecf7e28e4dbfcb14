/** A value and an item as the wire has them; binary ones in base64. */
export type WireValue = Readonly<Record<string, unknown>>;
export type WireItem = Readonly<Record<string, WireValue>>;

/**
 * Bytes of an item as DynamoDB counts them (developer guide, "DynamoDB item sizes and formats"): names and texts in UTF-8,
 * numbers two digits a byte and one more, 3 bytes a list or map and 1 for each of its elements.
 */
export function itemBytes(item: WireItem): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

/** Units of a write: one a begun kilobyte of the larger of the item before and after; a refused one costs the same. */
export function writeUnits(before: WireItem | undefined, after: WireItem | undefined): number {
  const bytes = Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0);
  return Math.max(1, Math.ceil(bytes / 1024));
}

/** Units of a consistent read of so many bytes: one for each begun 4 kilobytes, and one for nothing. */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 4096));
}

/**
 * Units of the indexes that follow a write: none where the item's keys in an index stay, one to add it or to take it out, two
 * to move it. They hold keys only, far below a kilobyte.
 */
export function indexUnits(
  indexes: readonly { readonly partition: string; readonly sort: string }[],
  before: WireItem | undefined,
  after: WireItem | undefined,
): number {
  const keysOf = (item: WireItem | undefined, { partition, sort }: (typeof indexes)[number]): string | undefined =>
    item?.[partition] && item[sort] ? JSON.stringify([item[partition], item[sort]]) : undefined;
  return indexes.reduce((sum, index) => {
    const [from, to] = [keysOf(before, index), keysOf(after, index)];
    return from === to ? sum : sum + (from === undefined ? 0 : 1) + (to === undefined ? 0 : 1);
  }, 0);
}

function valueBytes(value: WireValue): number {
  const [[type, held] = ['NULL', true]] = Object.entries(value);
  switch (type) {
    case 'S':
      return Buffer.byteLength(held as string);
    case 'N':
      return numberBytes(held as string);
    case 'B':
      return Buffer.byteLength(held as string, 'base64');
    case 'BOOL':
    case 'NULL':
      return 1;
    case 'SS':
      return sum(held as string[], (text) => Buffer.byteLength(text));
    case 'NS':
      return sum(held as string[], numberBytes);
    case 'BS':
      return sum(held as string[], (bytes) => Buffer.byteLength(bytes, 'base64'));
    case 'L':
      return 3 + sum(held as WireValue[], (element) => 1 + valueBytes(element));
    case 'M':
      return 3 + Object.keys(held as WireItem).length + itemBytes(held as WireItem);
    default:
      throw new Error(`a value of type ${type}`);
  }
}

function numberBytes(digits: string): number {
  const significant = digits.replace(/^-|\.|e.*$/gi, '').replace(/^0+|0+$/g, '').length;
  return Math.ceil(significant / 2) + 1 + (digits.startsWith('-') ? 1 : 0);
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
