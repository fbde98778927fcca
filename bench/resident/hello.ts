import { JSON_ANSWER, serve } from './serve';

/** Floor *hello*: what the resident host's listener answers at most, when nobody is asked. */
await serve(async () => new Response('{"ok":true}', JSON_ANSWER));
