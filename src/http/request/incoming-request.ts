import type { RequestRecord } from '../telemetry/request-record';

/** A request, and what is known of it before it is routed. */
export interface IncomingRequest {
  request: Request;
  /** That of the request. Asked for once, as the platform makes a new text each time. */
  url: string;
  /** What it is routed by, as it was sent. */
  path: string;
  /** What is told of it once it is answered. */
  record: RequestRecord;
  /** The token that its path began with, and has lost. */
  pathToken?: string | undefined;
  /** The namespace that it began with then, and has lost: only on the way to a dialect. */
  namespace?: string | undefined;
}
