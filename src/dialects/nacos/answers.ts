import { COMMON_HEADERS } from '../../http/common-headers';

const TEXT = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'text/plain;charset=UTF-8' });
const JSON_TYPE = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json;charset=UTF-8' });

/** Success of what changes something, in v1: these two letters, and nothing else. */
export const ok = (): Response => textAnswer('ok');

/** A text that is JSON already. Status 200, the only one that clients know as success. */
export const jsonAnswer = (text: string): Response => new Response(text, { headers: JSON_TYPE });

/** A value as JSON. */
export const answer = (value: unknown): Response => jsonAnswer(JSON.stringify(value));

/** A text that is one. */
export const textAnswer = (text: string): Response => new Response(text, { headers: TEXT });
