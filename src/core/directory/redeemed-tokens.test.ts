import { describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { readTokenText, secretDigest } from '../../auth/token-text';
import type { VerifiedToken } from '../../model/directory-api';
import { REDEEMED_TOKEN_LIFE_MAX_MS } from '../../model/limits';
import type { RedeemedToken } from '../../model/token';

async function redeem({ api }: NodeDirectory): Promise<RedeemedToken> {
  const { ticket } = await api.createTicket(BY_ROOT);
  return (await api.exchangeTicket(ticket)) ?? expect.unreachable();
}

async function verify({ api }: NodeDirectory, { token }: RedeemedToken): Promise<VerifiedToken | null> {
  const { id = '', secret = '' } = readTokenText(token) ?? {};
  return api.verify(id, await secretDigest(secret));
}

describe('RedeemedTokens', () => {
  it('[A67] ends the tokens of root when the root token is changed', async () => {
    const directory = new NodeDirectory();
    const { rootToken } = directory;
    const redeemed = await redeem(directory);
    directory.rootToken = 'another-root-token-of-the-same-registry';
    await directory.restart();
    expect(await verify(directory, redeemed)).toBeNull();
    expect(await directory.api.endedTokens([redeemed.id, 'root'])).toEqual([redeemed.id]);
    directory.rootToken = rootToken;
    await directory.restart();
    expect(await verify(directory, redeemed)).not.toBeNull();
  });

  it('[A65] removes expired tokens and their tickets', async () => {
    const directory = new NodeDirectory();
    const redeemed = await redeem(directory);
    const principal = (await verify(directory, redeemed)) ?? expect.unreachable();
    await directory.api.createTicket({ principal });
    const { storage } = directory.platform;
    const rows = () => storage.rows('SELECT id FROM redeemed_token UNION SELECT token FROM ticket');
    expect(rows()).toEqual([[redeemed.id]]);
    await directory.pass(REDEEMED_TOKEN_LIFE_MAX_MS);
    expect(rows()).toEqual([]);
  });

  it('[A69] asks the namespaces to close the sockets of a revoked token', async () => {
    const directory = new NodeDirectory();
    const redeemed = await redeem(directory);
    await directory.api.revokeToken(BY_ROOT, redeemed.id);
    expect(directory.platform.storage.rows('SELECT ns, kind, token FROM errand')).toEqual([
      ['public', 'close-sockets', redeemed.id],
    ]);
  });
});
