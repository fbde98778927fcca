import { decoded } from './location';

/** Sections of the page, as the navigation names them. */
export type Section = 'namespaces' | 'services' | 'history' | 'entries' | 'settings' | 'tokens' | 'audit';

/** Place that an address shows. */
export interface Place {
  /** Undefined: all namespaces. */
  ns?: string | undefined;
  section: Section | undefined;
  /** Names below the section, the outermost first: service, instance. */
  names: string[];
}

const OF_NAMESPACE = ['services', 'history', 'entries', 'settings'] as const;
const OF_ACCESS = ['tokens', 'audit'] as const;

/** Returns the place of a path, which begins after the base of the page. */
export function placeOf(path: string): Place {
  const [, first = '', second = '', , service, kind, id] = path.split('/').map(decoded);
  if (first === '') return { section: 'namespaces', names: [] };
  const access = OF_ACCESS.find((name) => name === second);
  if (first === 'access' && access !== undefined) return { section: access, names: [] };
  const names = [service, kind === 'instances' ? id : undefined].filter((name) => name !== undefined);
  return { ns: first, section: OF_NAMESPACE.find((name) => name === second), names };
}

/** Returns the title of a place for the browser's tab, the innermost name first. @param titles Titles of the sections. */
export function titleOf({ ns, section, names }: Place, titles: Readonly<Record<Section, string>>): string {
  const own = names.length > 0 ? names.toReversed() : section === undefined ? [] : [titles[section]];
  return [...own, ns, 'Rollcall'].filter(Boolean).join(' · ');
}
