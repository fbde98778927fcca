import type { Context } from 'hono';
import type { Principal } from '../../model/grant';
import type { NamespaceApi } from '../../model/namespace-api';
import type { NamespaceSockets } from '../../model/namespace-sockets';
import type { RequestRecord } from '../telemetry/request-observer';

/** A request before routing: the bindings of the router. */
export interface IncomingRequest {
  request: Request;
  /** The request as the host passed it, before prefixes were stripped from its path: the host knows its client's address. */
  received: Request;
  /** URL of the request. Read once, as the platform creates a new string on each access. */
  url: string;
  /** Path to route by, as it was sent. */
  path: string;
  /** Record for the log and the metrics; the steps fill it in. */
  record: RequestRecord;
  /** Token from the start of the path, already removed from it. */
  pathToken?: string | undefined;
  /** Namespace from the start of the path or from the host name, removed from the path; only for dialects. */
  namespace?: string | undefined;
}

/** An open namespace: its API for calls, and its sockets. */
export interface OpenNamespace {
  calls: NamespaceApi;
  sockets: NamespaceSockets;
}

/** A form, or the problem of reading it, which only authenticated callers see. */
export interface FormRead {
  form: string;
  problem?: unknown;
}

/** Values that steps of the pipeline set for later steps. */
interface StepVariables {
  /** Set by the step `authenticate`, except on open routes. */
  principal: Principal;
  /** Id of the namespace; set by the step `authorize` of routes to a namespace. */
  namespace?: string;
  /** The form in the body, once a step has started to read it. */
  form?: Promise<FormRead>;
}

/** The environment of the router, in the form of Hono's types. */
export interface RequestEnvironment {
  Bindings: IncomingRequest;
  Variables: StepVariables;
}

/** A request on its way through the pipeline: Hono's context. */
export type RequestContext = Context<RequestEnvironment>;
