import { BareRows } from '../floors/rows';
import { JSON_ANSWER, openRows, serve } from './serve';

const rows = new BareRows(await openRows());

/** Floor *bare*: the maximum rate of one process if every request writes two durable rows. */
await serve(async (request) => {
  // /api/v1/ns/public/groups/<group>/services/<service>/instances/<id>
  const path = new URL(request.url).pathname.split('/');
  const [group = '', service = '', id = ''] = [path[6], path[8], path[10]];
  const body = await request.text();
  const revision = await rows.register({ group, service, id, body });
  return new Response(JSON.stringify({ revision }), JSON_ANSWER);
});
