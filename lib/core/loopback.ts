/** Whether the host of a parsed URL is this machine. A name may begin as an address does. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.[0-9]+){3}$/.test(hostname);
}
