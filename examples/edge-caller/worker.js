import { env, waitUntil } from 'cloudflare:workers';
import { edgeResolver } from 'rollcall/client/edge';

/** The registry: over the network if a url is set; otherwise by the service binding, without leaving Cloudflare. */
const registry = env.ROLLCALL_URL
  ? { url: env.ROLLCALL_URL, token: env.ROLLCALL_TOKEN }
  : { url: 'https://rollcall', token: env.ROLLCALL_TOKEN, fetch: env.ROLLCALL };

/** Resolver of this isolate. All requests share its list and what it has learned about the instances. */
const greeter = edgeResolver(registry, 'greeter', { waitUntil });

export default {
  /** Calls the greeter nearest to the caller, and returns its id in a header. */
  async fetch(request) {
    const picker = await greeter.picker({ near: request });
    for (let attempt = picker.next(); attempt !== undefined; attempt = picker.next()) {
      const { id, url } = attempt.endpoint;
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      attempt.end(answer?.ok ? 'success' : 'failure');
      if (answer?.ok) {
        const facts = { 'X-Peer': id, 'X-List-Age-Ms': String(Math.round(greeter.age)) };
        return new Response(`${(await answer.text()).trim()}\n`, { headers: facts });
      }
    }
    return new Response('no greeter answers\n', { status: 503 });
  },
};
