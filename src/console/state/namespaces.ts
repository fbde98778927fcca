import { signal } from '@preact/signals';
import { ask, session } from './session';

/** Ids of the namespaces that the token has a grant on, as far as they were read. */
export const knownNamespaces = signal<readonly string[]>([]);

/** Reads the namespaces, up to a number that a menu can hold. Without them, the menu holds those that the grants name. */
export async function loadNamespaces(): Promise<void> {
  const granted = (session.peek()?.own.grants ?? []).map(({ ns }) => ns).filter((ns) => ns !== '*');
  knownNamespaces.value = [...new Set(granted)];
  try {
    const { namespaces } = await ask((admin) => admin.listNamespaces({ limit: 200 }));
    knownNamespaces.value = namespaces.map(({ id }) => id);
  } catch {
    // The page itself shows why the registry can't be read.
  }
}
