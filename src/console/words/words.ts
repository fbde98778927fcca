import { computed, signal } from '@preact/signals';
import { en, type Words } from './en';
import { type Language, language } from './language';
import { store, stored } from './storage';

/** Key in local storage. */
const STORED = 'rollcall-language';

const dictionaries = signal<Partial<Record<Language, Words>>>({ en });

/** Texts in the language in use. */
export const words = computed<Words>(() => dictionaries.value[language.value] ?? en);

/** Changes the language, and remembers it. Its texts are loaded on first use. */
export async function setLanguage(chosen: Language): Promise<void> {
  if (chosen === 'zh' && dictionaries.peek().zh === undefined) {
    const { zh } = await import('./zh');
    dictionaries.value = { ...dictionaries.peek(), zh };
  }
  language.value = chosen;
  document.documentElement.lang = chosen === 'zh' ? 'zh-Hans' : 'en';
  store('localStorage', STORED, chosen);
}

/** Sets the language of the last visit, or that of the browser. Falls back to English if its texts can't be loaded. */
export async function startLanguage(): Promise<void> {
  const known = stored('localStorage', STORED) ?? navigator.language;
  if (known.startsWith('zh')) await setLanguage('zh').catch(() => {});
}
