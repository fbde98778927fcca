import { DurableObject } from 'cloudflare:workers';

/** An object that does nothing, in memory or on disk. */
export class NoopObject extends DurableObject {
  nothing(): { ok: boolean } {
    return { ok: true };
  }
}

let remembered: DurableObjectId | undefined;

/** Floor *noop*: the maximum rate of a Worker that calls one object, with its id looked up once. */
export default {
  async fetch(_request: Request, env: { OBJECTS: DurableObjectNamespace<NoopObject> }): Promise<Response> {
    remembered ??= env.OBJECTS.idFromName('public');
    return Response.json(await env.OBJECTS.get(remembered).nothing());
  },
};
