import type { PageFiles } from '../http/page.ts';

/** Whoever works on the page sees each change without a new start. */
const isWorkedOn = process.env.PROCTOR_PAGE === 'fresh';

let files: Promise<PageFiles> | undefined;

/**
 * The page, built from its sources when it is first asked for, so that no start waits for it. In a function's bundle this
 * module is replaced by the built page (lib/infra/bundle.ts).
 */
export function readPage(): Promise<PageFiles> {
  if (files === undefined || isWorkedOn) {
    files = import('./build-page.ts').then(({ buildPage }) => buildPage());
    // What is broken now may be mended by the next request.
    files.catch(() => {
      files = undefined;
    });
  }
  return files;
}
