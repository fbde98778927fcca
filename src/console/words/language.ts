import { signal } from '@preact/signals';

/** Languages of the page. */
export type Language = 'en' | 'zh';

/** The language in use. */
export const language = signal<Language>('en');
