import { useState } from 'preact/hooks';
import { readTheme, setTheme, type Theme } from '../core/theme.ts';

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const words: Readonly<Record<Theme, string>> = { system: 'as the device', light: 'light', dark: 'dark' };
const shapes: Readonly<Record<Theme, string>> = {
  system: 'M2.5 3.5h11v7h-11zM6 13.5h4',
  light:
    'M8 5a3 3 0 100 6 3 3 0 000-6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7',
  dark: 'M13 9.5A5.5 5.5 0 116.5 3a4.5 4.5 0 006.5 6.5z',
};

/** Light, dark, or as the device is. */
export function ThemeButton() {
  const [theme, show] = useState(readTheme);
  const label = `Colours: ${words[theme]}. Change to ${words[next[theme]]}`;
  const onClick = () => {
    setTheme(next[theme]);
    show(next[theme]);
  };
  return (
    <button type="button" class="button plain icon" aria-label={label} title={label} onClick={onClick}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[theme]} />
      </svg>
    </button>
  );
}
