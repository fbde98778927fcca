import type * as z from 'zod';
import type { Door } from '../../auth/carriers';
import type { Scope } from '../../model/grant';

/** Headings under which the documentation shows the routes, in this order. */
export const CHAPTERS = [
  { name: 'Instances', description: 'Register, change and remove what can be called' },
  { name: 'Leases', description: 'How an instance stays, and how it leaves' },
  { name: 'Callers', description: 'Find what can be called' },
  { name: 'Watching', description: 'Be told of changes as they happen' },
  { name: 'Services', description: 'What instances have in common' },
  { name: 'Operators', description: 'What people say about an instance, beside what it says of itself' },
  { name: 'History', description: 'What was, who changed it, and why' },
  { name: 'Namespaces', description: 'Tenants of the registry: each has its own services, limits and past' },
  { name: 'Access', description: 'Who may do what, and who did' },
  { name: 'Registry', description: 'The registry itself' },
] as const;
export type Chapter = (typeof CHAPTERS)[number]['name'];

/** One answer of a route, for the documentation. */
export interface AnswerCard {
  description: string;
  /** Of a JSON body; absent where there is none, or another type. */
  schema?: z.ZodType;
  /** Of a body that is not JSON. */
  contentType?: string;
}

/** The schemas of a request's parts. A part that a route does not name has to be empty. */
export interface RequestSchemas {
  path?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
}

/** What is known about a route beside its code: the documentation and the table test read it. */
export interface RouteCard {
  /** Its name for generated clients. */
  operation: string;
  method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** In the router's words: `/api/v1/ns/:ns/services`. */
  path: string;
  /** What a token needs for it; `any`: what that is, the request says; `open`: no token, and so no data. */
  scope: Scope | 'any' | 'open';
  /** Where it takes a credential from, where that is not what the native API does. */
  door?: Door;
  chapter: Chapter;
  /** A few words: what it does. */
  summary: string;
  /** What one has to know beyond that, as sentences of plain text. */
  description?: string;
  input: RequestSchemas;
  /** Of a body that is not JSON, and that the call reads itself. */
  bodyType?: { contentType: string; description: string };
  /** Successful answers by status; refusals are the same everywhere. */
  answers: Record<number, AnswerCard>;
  /** Headers that it reads, beside those that all routes or its conditions know. */
  headers?: readonly { name: string; description: string }[];
  /** Conditions that it takes in headers. */
  conditional?: 'read' | 'change';
  /** A body that shows how it is used, as a value that its schema takes. */
  example?: unknown;
}

/** A route of a dialect as tests and documentation see it. */
export interface DialectCard {
  dialect: string;
  operation: string;
  method: string;
  path: string;
  scope: Scope | 'any';
  summary: string;
}
