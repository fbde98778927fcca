import { DurableObject } from 'cloudflare:workers';

/** An object that does nothing, in memory or on disk. */
export class NoopObject extends DurableObject {
  nothing(): { ok: boolean } {
    return { ok: true };
  }
}

/** Floor *noop*: what a Worker answers at most when one object has a say in it. */
export default {
  async fetch(_request: Request, env: { OBJECTS: DurableObjectNamespace<NoopObject> }): Promise<Response> {
    return Response.json(await env.OBJECTS.getByName('public').nothing());
  },
};
