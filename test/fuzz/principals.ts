import type { Grant } from '../../src/model/grant';
import type { Target } from './exchange';

/** A sender of requests, with credentials in a header or a path. */
export interface Sender {
  name: string;
  /** Id of the token; undefined if the credentials are invalid. */
  tokenId: string | undefined;
  /** The same at doors that take a token as a password, such as Eureka's. */
  basicTokenId?: string;
  secret: string;
  carrier: 'header' | 'path' | 'none' | 'basic' | 'twice';
}

interface Issued {
  id: string;
  token: string;
}

const GRANTS: Record<string, Grant[]> = {
  'admin of all': [{ scope: 'admin', ns: '*' }],
  'admin of public': [{ scope: 'admin', ns: 'public' }],
  'operate public': [{ scope: 'operate', ns: 'public' }],
  'operate orders': [{ scope: 'operate', ns: 'public', services: ['DEFAULT_GROUP@@orders'] }],
  'register public': [{ scope: 'register', ns: 'public' }],
  'register and read all': [
    { scope: 'register', ns: '*' },
    { scope: 'read', ns: '*' },
  ],
  'register a pattern': [{ scope: 'register', ns: 'fuzz', services: ['DEFAULT_GROUP@@o*'] }],
  'read public': [{ scope: 'read', ns: 'public' }],
  'read orders': [{ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@orders'] }],
  metrics: [{ scope: 'metrics', ns: '*' }],
};

/** Creates a token of every kind, and adds root's. */
export async function makeSenders(target: Target): Promise<Sender[]> {
  const issue = (body: object) => target.must<Issued>('POST', '/api/v1/tokens', { ...body });
  const senders: Sender[] = [{ name: 'root', tokenId: 'root', secret: target.rootToken, carrier: 'header' }];
  for (const [name, grants] of Object.entries(GRANTS)) {
    const { id, token } = await issue({ name, grants });
    senders.push({ name, tokenId: id, secret: token, carrier: 'header' });
    if (name === 'read public' || name === 'metrics') {
      senders.push({ name: `${name} in a path`, tokenId: id, secret: token, carrier: 'path' });
    }
    if (name === 'operate public') {
      senders.push({ name: `${name} in a path`, tokenId: undefined, secret: token, carrier: 'path' });
      senders.push({ name: `${name} as Basic`, tokenId: undefined, basicTokenId: id, secret: token, carrier: 'basic' });
      senders.push({ name: `${name} twice`, tokenId: undefined, secret: token, carrier: 'twice' });
    }
  }
  const writer = await issue({ name: 'path', grants: GRANTS['register public'] ?? [], pathWrite: true });
  senders.push({ name: 'register in a path', tokenId: writer.id, secret: writer.token, carrier: 'path' });
  const revoked = await issue({ name: 'revoked', grants: GRANTS['admin of all'] ?? [] });
  await target.must('DELETE', `/api/v1/tokens/${revoked.id}`);
  senders.push({ name: 'revoked', tokenId: undefined, secret: revoked.token, carrier: 'header' });
  const rotated = await issue({ name: 'rotated', grants: GRANTS['admin of all'] ?? [] });
  await target.must('POST', `/api/v1/tokens/${rotated.id}/rotate`, {});
  senders.push({ name: 'replaced by rotation', tokenId: undefined, secret: rotated.token, carrier: 'header' });
  // The shortest possible lifetime: a long run covers both sides of its end.
  const mortal = await issue({ name: 'mortal', grants: GRANTS['operate public'] ?? [], expiresInMs: 60_000 });
  senders.push({ name: 'expires after a minute', tokenId: mortal.id, secret: mortal.token, carrier: 'header' });
  senders.push({ name: 'no token', tokenId: undefined, secret: '', carrier: 'none' });
  senders.push({ name: 'a guess', tokenId: undefined, secret: `${writer.token.slice(0, -4)}AAAA`, carrier: 'header' });
  return senders;
}
