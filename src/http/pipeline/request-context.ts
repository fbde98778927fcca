import type { Context } from 'hono';
import type { Principal } from '../../model/grant';
import type { NamespaceApi } from '../../model/namespace-api';
import type { NamespaceSockets } from '../../model/namespace-sockets';
import type { RequestRecord } from '../telemetry/request-observer';

/** A request, and what is known of it before it is routed: the bindings of the router. */
export interface IncomingRequest {
  request: Request;
  /** That of the request. Asked for once, as the platform makes a new text each time. */
  url: string;
  /** Path that it is routed by, as it was sent. */
  path: string;
  /** Facts for the log and the metrics, which the steps fill in. */
  record: RequestRecord;
  /** The token that its path began with, and has lost. */
  pathToken?: string | undefined;
  /** The namespace that it began with then, and has lost: only on the way to a dialect. */
  namespace?: string | undefined;
}

/** The ways to one namespace: by calls, and over sockets. */
export interface NamespaceWays {
  calls: NamespaceApi;
  sockets: NamespaceSockets;
}

/** A form, or the refusal of one, which only admitted callers see. */
export interface FormRead {
  form: string;
  problem?: unknown;
}

/** Facts that the steps of the pipeline learn of a request, each for those after it. */
interface StepVariables {
  /** Set by the step `authenticate`, unless the door is open. */
  principal: Principal;
  /** Id of the namespace; set by the step `authorize` of routes on one. */
  namespace?: string;
  /** The form in the body, once a step has begun to read it. */
  form?: Promise<FormRead>;
}

/** The environment of the router, as Hono's types want it. */
export interface RequestEnvironment {
  Bindings: IncomingRequest;
  Variables: StepVariables;
}

/** A request on its way through the pipeline: Hono's context. */
export type RequestContext = Context<RequestEnvironment>;
