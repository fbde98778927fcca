import type { RegistryErrorCode } from '../../model/errors';

/** Stands for the route of a request that none answers: no path is ever told, it may hold a secret. */
export const NO_ROUTE = 'none';

/** What is known of one request by the time it is answered: the routes fill it in as they learn it. */
export class RequestRecord {
  readonly id: string;
  readonly method: string;
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

  constructor(id: string, method: string, startedAt: number) {
    this.id = id;
    this.method = method;
    this.startedAt = startedAt;
  }
}
