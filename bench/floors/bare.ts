import { DurableObject } from 'cloudflare:workers';
import { prepareStorage } from '../../src/core/storage/schema';
import { durableSqlite } from '../../src/host/cloudflare/object-platform';
import { type BareRegistration, BareRows } from './rows';

/** An object that only writes the rows of registrations, in groups. */
export class BareObject extends DurableObject<object> {
  readonly #rows: BareRows;

  constructor(context: DurableObjectState, env: object) {
    super(context, env);
    const storage = durableSqlite(context.storage);
    // Uses the registry's tables, so that rows cost the same.
    prepareStorage(storage, () => 'bare');
    this.#rows = new BareRows(storage);
  }

  async put(registration: BareRegistration): Promise<{ revision: number }> {
    return { revision: await this.#rows.register(registration) };
  }
}

/** Floor *bare*: the maximum rate of a Worker if every request writes two durable rows. */
export default {
  async fetch(request: Request, env: { OBJECTS: DurableObjectNamespace<BareObject> }): Promise<Response> {
    const path = new URL(request.url).pathname.split('/');
    // /api/v1/ns/public/groups/<group>/services/<service>/instances/<id>
    const [group = '', service = '', id = ''] = [path[6], path[8], path[10]];
    const body = await request.text();
    return Response.json(await object(env.OBJECTS).put({ group, service, id, body }));
  },
};

let remembered: DurableObjectId | undefined;

/** The one object. Its id is looked up once, because a lookup for each request costs a fifth of the rate. */
function object(objects: DurableObjectNamespace<BareObject>): DurableObjectStub<BareObject> {
  remembered ??= objects.idFromName('public');
  return objects.get(remembered);
}
