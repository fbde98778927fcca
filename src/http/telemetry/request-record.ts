import type { RegistryErrorCode } from '../../model/errors';

/** Long enough for every id that is in use, too short to fill a log with. */
const TAKEN_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** By which a client or a proxy names a request. Asked for by its answer, too. */
export const ID_HEADER = 'X-Request-Id';

/** By which Cloudflare names a request; it names the answer by it itself. */
const CLOUDFLARE_ID_HEADER = 'CF-Ray';

/** The id in a header. What is no id by its letters is not taken: it would be written to logs. */
function idIn(headers: Headers, name: string): string | undefined {
  const id = headers.get(name);
  return id !== null && TAKEN_ID.test(id) ? id : undefined;
}

/** The id that a client or a proxy gave its request. */
export const givenId = (headers: Headers): string | undefined => idIn(headers, ID_HEADER);

/** An id for a request that was given none: Cloudflare's, so that it can be followed through all that log it, or a random one. */
export const madeId = (headers: Headers): string => idIn(headers, CLOUDFLARE_ID_HEADER) ?? crypto.randomUUID();

/** Stands for the route of a request that none answers: no path is ever told, it may hold a secret. */
const NO_ROUTE = 'none';

/** What is known of one request by the time it is answered: the routes fill it in as they learn it. */
export class RequestRecord {
  readonly method: string;
  /** The id that the request came with. */
  readonly givenId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Pattern of the route. */
  route = NO_ROUTE;
  /** Id of whose token it was, once it is known to be good. */
  tokenId: string | undefined;
  /** The namespace it is about, once it is known to be the name of one. */
  namespace: string | undefined;
  /** True: it was asked to wait for something, so its duration says nothing. */
  isWait = false;
  /** What it was refused with. */
  code: RegistryErrorCode | undefined;
  /** The error that nobody foresaw. */
  unforeseen: unknown;

  readonly #headers: Headers;
  #madeId: string | undefined;

  /** @param startedAt Milliseconds since the epoch. */
  constructor({ headers, method }: Pick<Request, 'headers' | 'method'>, startedAt: number) {
    this.#headers = headers;
    this.givenId = givenId(headers);
    this.method = method;
    this.startedAt = startedAt;
  }

  /** The id that the request came with; else one that is made when it is first asked for, as few requests are told of. */
  get id(): string {
    if (this.givenId !== undefined) return this.givenId;
    this.#madeId ??= madeId(this.#headers);
    return this.#madeId;
  }

  /** Whether anybody knows the request by its id: the client gave it, or it stands in a line of the log or in a refusal. */
  get isNamed(): boolean {
    return this.givenId !== undefined || this.#madeId !== undefined;
  }
}
