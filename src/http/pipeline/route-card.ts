import type * as z from 'zod';
import type { Door } from '../../auth/carriers';
import type { Scope } from '../../model/grant';

/** Sections of the API reference, in order. */
export const CHAPTERS = [
  { name: 'Instances', description: 'Register, change and remove instances' },
  { name: 'Leases', description: 'Keep an instance registered, or take it out of traffic' },
  { name: 'Callers', description: 'Find instances to call' },
  { name: 'Watching', description: 'Receive changes as they happen' },
  { name: 'Services', description: 'Settings that the instances of a service share' },
  { name: 'Operators', description: 'Override what an instance registered' },
  { name: 'Entries', description: 'Keys and values: configuration, locks and other small data' },
  { name: 'History', description: 'Past states and changes, with their authors and reasons' },
  { name: 'Namespaces', description: 'Tenants of the registry, each with its own services, limits and history' },
  { name: 'Access', description: 'Tokens, tickets and the audit trail' },
  { name: 'Registry', description: 'Documentation, health, metrics, export and import' },
] as const;
export type Chapter = (typeof CHAPTERS)[number]['name'];

/** A response of a route, for the documentation. */
export interface AnswerCard {
  description: string;
  /** Schema of a JSON body; absent if there is no body or it has another type. */
  schema?: z.ZodType;
  /** Type of a body that is not JSON; with a schema, the request chooses between both. */
  contentType?: string;
}

/** Schemas of the parts of a request. A part without a schema must be empty. */
export interface RequestSchemas {
  path?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
}

/** Metadata of a route, for the documentation and the tests that cover all routes. */
export interface RouteCard {
  /** Operation id, for generated clients. */
  operation: string;
  method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** In the router's syntax: `/api/v1/ns/:ns/services`. */
  path: string;
  /** The router's pattern, if it matches other paths than `path` does. */
  pattern?: string;
  /** Scope that a token needs; `any`: depends on the request; `open`: no token needed, and no data shown. */
  scope: Scope | 'any' | 'open';
  /** Where the credential comes from, if not from where the native API takes it. */
  door?: Door;
  chapter: Chapter;
  /** One short phrase, without a full stop. */
  summary: string;
  /** Further details, as full sentences. */
  description?: string;
  input: RequestSchemas;
  /** Type of a body that is not JSON and that `call` reads itself. */
  bodyType?: { contentType: string; description: string };
  /** Successful responses by status; errors are the same for all routes. */
  answers: Record<number, AnswerCard>;
  /** Headers that it reads, apart from those of all routes and of its conditions. */
  headers?: readonly { name: string; description: string }[];
  /** Kind of conditional headers that it accepts. */
  conditional?: 'read' | 'change';
  /** Example of a body; valid by its schema. */
  example?: unknown;
}

/** Metadata of a dialect's route, for tests and the documentation. */
export interface DialectCard {
  dialect: string;
  operation: string;
  method: string;
  path: string;
  /** `open`: no token needed, and no data shown, or the token is in the body. */
  scope: Scope | 'any' | 'open';
  summary: string;
}
