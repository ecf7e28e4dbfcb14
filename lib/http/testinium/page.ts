import type { Services } from '../../core/ports.ts';
import { maxId } from '../../core/schema.ts';
import type { HttpRequest } from '../message.ts';
import { readCount, readParameters } from './parameters.ts';

const defaultSize = 20;
const maxSize = 100;
/** Ids walked at a time on the way to a deep page. */
const walk = 1000;

export interface PageRequest {
  /** From 1. */
  readonly page: number;
  readonly size: number;
}

export function readPage(request: HttpRequest): PageRequest {
  const { page, size } = readParameters(request, ['page', 'size']);
  return { page: readCount('page', page, 1, 1), size: Math.min(readCount('size', size, 1, defaultSize), maxSize) };
}

/** The page of contracts/testinium.md 3.5 around its items, of `total` in all. */
export function toPage(
  services: Services,
  request: HttpRequest,
  { page, size }: PageRequest,
  items: readonly unknown[],
  total: number,
) {
  const pages = Math.ceil(total / size);
  const baseUrl = request.baseUrl || services.publicUrl;
  const linkTo = (wanted: number): string => {
    if (wanted < 1 || wanted > pages) return '';
    const query = new URLSearchParams(request.query);
    query.set('page', String(wanted));
    query.set('size', String(size));
    return `${baseUrl}${request.path}?${query}`;
  };
  return {
    current_page: page,
    total_count: total,
    page_count: pages,
    next_page: linkTo(page + 1),
    previous_page: linkTo(page - 1),
    item_list: items,
    rest_api_url: `${baseUrl}/Testinium.RestApi`,
  };
}

/** Ids of the plan's runs on one page, newest first. */
export async function listRunIds(
  services: Services,
  planId: number,
  { page, size }: PageRequest,
  total: number,
): Promise<number[]> {
  let skip = (page - 1) * size;
  if (skip >= total) return [];
  let before = maxId + 1;
  while (skip > 0) {
    const ids = await services.runs.listByPlan(planId, before, Math.min(skip, walk));
    const last = ids.at(-1);
    if (last === undefined) return [];
    before = last;
    skip -= ids.length;
  }
  return services.runs.listByPlan(planId, before, size);
}
