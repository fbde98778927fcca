import type { JSX } from 'preact';

/** Strokes of the icons in a box of 24 by 24. */
const ICONS = {
  rollcall: 'M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01',
  services: 'M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.01M8 16.5h.01',
  entries: 'M4 6h6M4 12h6M4 18h6M14 6h6M14 12h6M14 18h6',
  history: 'M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4M12 8v4l3 2',
  access: 'M15 9a4 4 0 1 1-4-4 4 4 0 0 1 4 4zM14 12l6 6M17 15l2-2',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M6 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  account: 'M12 12a4 4 0 1 0-4-4 4 4 0 0 0 4 4zM4 20c1.5-4 4.5-5 8-5s6.500 1 8 5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M6 9l6 6 6-6',
} satisfies Record<string, string>;

/** Shows an icon. It is decoration: its control has a text or a label. */
export function Icon({ name }: { name: keyof typeof ICONS }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={ICONS[name]} />
    </svg>
  );
}
