/** What the browser keeps for this tab or this device. A browser that keeps nothing for this page is no reason to fail. */
export type Keep = 'tab' | 'device';

export function readKept(keep: Keep, name: string): string | null {
  try {
    return storageOf(keep).getItem(name);
  } catch {
    return null;
  }
}

export function writeKept(keep: Keep, name: string, value: string): void {
  try {
    storageOf(keep).setItem(name, value);
  } catch {
    // Then it lasts as long as the page is open.
  }
}

export function dropKept(keep: Keep, name: string): void {
  try {
    storageOf(keep).removeItem(name);
  } catch {
    // It was not kept.
  }
}

function storageOf(keep: Keep): Storage {
  return keep === 'tab' ? sessionStorage : localStorage;
}
