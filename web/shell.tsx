import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { fitPath, href, usePlace } from './core/router.ts';
import { signOut, useSession } from './core/session.ts';
import { type PageProps, pages, sections } from './pages.ts';
import { Brand } from './parts/brand.tsx';
import { Help } from './parts/help.tsx';
import { SignIn } from './parts/sign-in.tsx';
import { ThemeButton } from './parts/theme-button.tsx';

/** What stands around every page: navigation, the page of the path, and the form instead of it while nobody is signed in. */
export function Shell() {
  const { key, reason } = useSession();
  const { path } = usePlace();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const found = findPage(path);

  // A move within the page is told as a load would be: the focus goes where the new content begins.
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);

  if (key === null) return <SignIn key={reason} reason={reason} />;
  const View = found?.view;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <div class="wide">
          <a class="home" href={href('/')}>
            <Brand />
          </a>
          <nav aria-label="Sections">
            {sections.map((section) => (
              <a
                key={section.path}
                href={href(section.path)}
                aria-current={found?.section === section.path ? 'page' : undefined}
              >
                {section.name}
              </a>
            ))}
          </nav>
          <span class="grow" />
          <Help />
          <ThemeButton />
          <button type="button" class="button plain" onClick={() => signOut()}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" class="wide" tabIndex={-1} ref={main}>
        <Boundary key={path}>{View && found ? <View params={found.params} /> : <Missing />}</Boundary>
      </main>
    </>
  );
}

/** A bug in one page takes neither the navigation nor the other pages with it. */
function Boundary({ children }: { readonly children: ComponentChildren }) {
  const [error, reset] = useErrorBoundary((cause: unknown) => console.error(cause));
  if (error === undefined) return <>{children}</>;
  return (
    <div class="empty" role="alert">
      <h1>This page could not be shown</h1>
      <p>Something in it went wrong. A newer version of it may be there: load it again.</p>
      <p>
        <button type="button" class="button" onClick={reset}>
          Try again
        </button>
      </p>
    </div>
  );
}

function Missing() {
  useEffect(() => {
    document.title = 'Not found · Proctor';
  }, []);
  return (
    <div class="empty">
      <h1>There is nothing at this address</h1>
      <p>
        <a href={href('/')}>Go to the runs</a>
      </p>
    </div>
  );
}

function findPage(path: string) {
  for (const { pattern, section, view } of pages) {
    const params: PageProps['params'] | null = fitPath(pattern, path);
    if (params) return { section, view, params };
  }
  return undefined;
}
