import { signal } from '@preact/signals';
import { store, stored } from '../words/storage';

/** Colour themes; `auto` follows the system. */
export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Key in local storage. */
const STORED = 'rollcall-theme';

/** The theme in use. */
export const theme = signal<Theme>('auto');

/** Changes the theme, and remembers it. */
export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  store('localStorage', STORED, chosen);
}

/** Sets the theme of the last visit. */
export function startTheme(): void {
  setTheme(THEMES.find((known) => known === stored('localStorage', STORED)) ?? 'auto');
}
