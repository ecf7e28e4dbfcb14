import { invalidField } from '../../core/errors.ts';

const defaultSize = 20;
const maxSize = 100;
const sortable = ['id', 'startTime'] as const;

export interface PageRequest {
  /** From 0. */
  readonly page: number;
  readonly size: number;
  readonly sortBy: (typeof sortable)[number];
  readonly ascending: boolean;
}

/** The page envelope's parameters (contracts/testsigma.md section 2). VALIDATION_FAILED for what they may not be. */
export function readPageRequest(query: URLSearchParams): PageRequest {
  const [sortField, sortDirection, ...rest] = query.get('sort')?.split(',') ?? [];
  if (rest.length > 0) throw invalidField('sort', 'must be <field>,<ASC or DESC>', shown(query.get('sort')));
  return {
    page: readNumber(query, 'page', 0, 0),
    size: Math.min(readNumber(query, 'size', 1, defaultSize), maxSize),
    // Both spellings are checked; `sortBy` and `direction` win.
    sortBy: readField('sortBy', query.get('sortBy'), readField('sort', sortField ?? null, 'id')),
    ascending: readDirection('direction', query.get('direction'), readDirection('sort', sortDirection ?? null, false)),
  };
}

/** The envelope of contracts/testsigma.md 3.11 around one page of `total` items. */
export function toPage<T>({ page, size }: PageRequest, content: readonly T[], total: number) {
  const sort = { sorted: true, unsorted: false, empty: false };
  const totalPages = Math.ceil(total / size);
  return {
    content,
    pageable: { sort, pageNumber: page, pageSize: size, offset: page * size, paged: true, unpaged: false },
    last: page + 1 >= totalPages,
    totalPages,
    totalElements: total,
    sort,
    first: page === 0,
    size,
    number: page,
    numberOfElements: content.length,
    empty: content.length === 0,
  };
}

function readNumber(query: URLSearchParams, name: string, least: number, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const digits = text.trim();
  const number = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : -1;
  if (number < least) throw invalidField(name, `must be an integer from ${least}`, shown(text));
  return number;
}

function readField(name: string, text: string | null, fallback: PageRequest['sortBy']): PageRequest['sortBy'] {
  if (text === null) return fallback;
  const field = sortable.find((candidate) => candidate === text.trim());
  if (field === undefined) throw invalidField(name, 'must be id or startTime', shown(text));
  return field;
}

function readDirection(name: string, text: string | null, fallback: boolean): boolean {
  if (text === null) return fallback;
  const direction = text.trim().toUpperCase();
  if (direction !== 'ASC' && direction !== 'DESC') throw invalidField(name, 'must be ASC or DESC', shown(text));
  return direction === 'ASC';
}

function shown(text: string | null): string | null {
  return text === null ? null : text.slice(0, 100);
}
