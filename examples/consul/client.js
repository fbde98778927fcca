import Consul from 'consul';

/** The registry, to the unmodified client of Consul: only the address and the token are Rollcall's. */
export const consul = new Consul({
  baseUrl: process.env.CONSUL_URL ?? 'http://127.0.0.1:8787/v1',
  defaults: { token: process.env.CONSUL_HTTP_TOKEN },
});
