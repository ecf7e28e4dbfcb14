/** A base URL without the slashes at its end, so that a path can follow. Linear, which `/\/+$/` is not. */
export function toBaseUrl(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
