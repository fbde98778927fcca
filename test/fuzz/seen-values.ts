import fc from 'fast-check';
import type { FuzzRequest } from './fuzz-request';

/** Number of the newest values of each kind that requests refer to. */
const SEEN_MAX_COUNT = 5;
const PLACEHOLDER = /~(cursor|token|lease)(\d)~/g;

/** Kinds of values. */
type Kind = 'cursor' | 'token' | 'lease';

const placeholders = (kind: Kind): fc.Arbitrary<string> =>
  fc.nat(SEEN_MAX_COUNT - 1).map((index) => `~${kind}${index}~`);

/** Generates cursors: placeholders for those of the run, or something else. */
export const CURSORS = fc.oneof(
  { arbitrary: fc.constantFrom('', 'x', '2026-11-01T00:00:00.000Z'), weight: 3 },
  { arbitrary: placeholders('cursor'), weight: 5 },
);
/** Generates placeholders for the ids of tokens that the run has created. */
export const TOKEN_IDS = placeholders('token');
/** Generates ids of leases: placeholders for those that the run was granted, an alias, or something else. */
export const LEASE_IDS = fc.oneof(
  { arbitrary: placeholders('lease'), weight: 8 },
  { arbitrary: fc.constantFrom('7', '0', '-9223372036854775808', '9223372036854775808'), weight: 1 },
);

/**
 * Values that a run has seen in responses. Requests are generated before any is sent, and therefore refer to them by
 * placeholders.
 */
export class SeenValues {
  readonly #values: Record<Kind, string[]> = { cursor: [], token: [], lease: [] };

  /** Notes the cursor of a response, and the id of a token or lease that it creates. */
  note(body: string, cursor: string | string[] | undefined): void {
    if (typeof cursor === 'string') this.#add('cursor', cursor);
    const [, tokenId] = /^\{"id":"([\w-]+)","token":/.exec(body) ?? /"id":"([\w-]+)","token":"rc_/.exec(body) ?? [];
    if (tokenId !== undefined) this.#add('token', tokenId);
    const [, leaseId] = /^\{"id":"(\d+)",(?:"alias":"[^"]*",)?"ttlMs":/.exec(body) ?? [];
    if (leaseId !== undefined) this.#add('lease', leaseId);
  }

  noteToken(id: string): void {
    this.#add('token', id);
  }

  /** Returns a request with values instead of placeholders. */
  filled({ target, headers, body, ...rest }: FuzzRequest): FuzzRequest {
    return {
      ...rest,
      target: this.#fill(target, encodeURIComponent),
      headers: headers.map(([name, value]) => [name, this.#fill(value)]),
      body: body?.includes('~') === true ? Buffer.from(this.#fill(body.toString('latin1')), 'latin1') : body,
    };
  }

  #add(kind: Kind, value: string): void {
    this.#values[kind].push(value);
    if (this.#values[kind].length > SEEN_MAX_COUNT) this.#values[kind].shift();
  }

  #fill(text: string, encode: (value: string) => string = String): string {
    return text.replace(PLACEHOLDER, (_, kind: Kind, index: string) => {
      const values = this.#values[kind];
      return encode(values[Number(index) % values.length] ?? 'x');
    });
  }
}
