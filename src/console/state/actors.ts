import { signal } from '@preact/signals';
import { ask, type Session, session } from './session';

/** Names of tokens by their id, as far as the visitor's token may know them. */
export const actorNames = signal<ReadonlyMap<string, string>>(new Map());

/** Most tokens whose names are read. */
const TOKENS_MAX_COUNT = 1_000;

/** Session that the names were read for. */
let reader: Session | undefined;

/** Returns the name of an author of changes: that of the token, or its id if the name is not known. */
export function actorName(id: string): string {
  if (session.value !== reader) void readNames(session.value);
  return actorNames.value.get(id) ?? id;
}

/** Reports whether an author has an id or a name. */
export const isActor = (id: string, idOrName: string): boolean => id === idOrName || actorName(id) === idOrName;

async function readNames(known: Session | undefined): Promise<void> {
  reader = known;
  // After the components that are being drawn.
  await Promise.resolve();
  const own = known?.own;
  const names = new Map(own === undefined || own.root ? [] : [[own.id, own.name]]);
  actorNames.value = names;
  // The others are listed for administrators only.
  if (!own?.grants.some(({ scope }) => scope === 'admin')) return;
  try {
    const { tokens } = await ask((admin) => admin.listTokens({ limit: TOKENS_MAX_COUNT }));
    if (reader === known) actorNames.value = new Map([...names, ...tokens.map(({ id, name }) => [id, name] as const)]);
  } catch {
    // Ids are shown instead.
  }
}
