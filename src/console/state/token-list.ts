import type { IssuedToken, Token } from '../../client/wire/access-answers';
import { ask } from './session';

/** Tokens of a page of the list. */
const PAGE = 1_000;

/** Reads all tokens that the visitor's token may manage: at most the 10,000 of a registry. */
export async function readTokens(): Promise<Token[]> {
  const all: Token[] = [];
  let next: string | undefined;
  do {
    const page = await ask((admin) => admin.listTokens({ after: next, limit: PAGE }));
    all.push(...page.tokens);
    next = page.next;
  } while (next !== undefined);
  return all;
}

/** Separates a secret from its token, which may be kept. */
export function withoutSecret({ token: secret, ...view }: IssuedToken): { secret: string; view: Token } {
  return { secret, view };
}

/** Sorts tokens by name, the visitor's own first. */
export const byOwnAndName =
  (ownId: string | undefined) =>
  (one: Token, other: Token): number =>
    Number(other.id === ownId) - Number(one.id === ownId) ||
    one.name.localeCompare(other.name) ||
    (one.id < other.id ? -1 : 1);
