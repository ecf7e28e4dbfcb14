import { readKept, writeKept } from './storage.ts';

/** `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark';

const name = 'proctor.theme';

export function readTheme(): Theme {
  const kept = readKept('device', name);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Shows the page in the theme, and keeps it for the next visit. */
export function setTheme(theme: Theme): void {
  writeKept('device', name, theme);
  applyTheme(theme);
}

export function applyTheme(theme: Theme = readTheme()): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
