import type { PageFiles } from '../http/page.ts';

let files: Promise<PageFiles> | undefined;

/**
 * The page, built from its sources when it is first asked for, so that no start waits for it. In a function's bundle this
 * module is replaced by the built page (lib/infra/bundle.ts).
 */
export function readPage(): Promise<PageFiles> {
  files ??= import('./build-page.ts').then(({ buildPage }) => buildPage());
  return files;
}
