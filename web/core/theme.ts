/** `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark';

const name = 'proctor.theme';

export function readTheme(): Theme {
  const kept = localStorage.getItem(name);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Shows the page in the theme, and keeps it for the next visit. */
export function setTheme(theme: Theme): void {
  localStorage.setItem(name, theme);
  applyTheme();
}

export function applyTheme(): void {
  const theme = readTheme();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
