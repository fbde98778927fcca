import { JSON_ANSWER, serve } from './serve';

/** Floor *hello*: the maximum rate of the resident host's listener with a constant answer. */
await serve(async () => new Response('{"ok":true}', JSON_ANSWER));
