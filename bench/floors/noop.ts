import { DurableObject } from 'cloudflare:workers';

/** An object that does nothing, in memory or on disk. */
export class NoopObject extends DurableObject {
  nothing(): { ok: boolean } {
    return { ok: true };
  }
}

let remembered: DurableObjectId | undefined;

/** Floor *noop*: what a Worker answers at most when one object has a say in it, whose id it has looked up once. */
export default {
  async fetch(_request: Request, env: { OBJECTS: DurableObjectNamespace<NoopObject> }): Promise<Response> {
    remembered ??= env.OBJECTS.idFromName('public');
    return Response.json(await env.OBJECTS.get(remembered).nothing());
  },
};
