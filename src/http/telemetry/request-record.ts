import type { RegistryErrorCode } from '../../model/errors';
import { givenId, madeId } from './request-id';

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
