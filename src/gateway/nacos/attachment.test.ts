import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RollcallError } from '../../client/wire/rollcall-error';
import { SocketLink, type SocketOpener } from '../../client/wire/socket-link';
import { REAL_TIME } from '../../client/wire/time';
import { NACOS_ANSWER_MAX_MS } from '../../model/limits';
import { Attachment } from './attachment';
import { InstanceHolders } from './instance-holders';
import type { NacosCalls } from './nacos-clients';
import { Replicas } from './replica';
import { ServiceListing } from './service-listing';
import { ServiceNames } from './service-names';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const SERVICE = { group: 'DEFAULT_GROUP', service: 'orders' };
const PATTERN = { namespace: 'public', matches: () => true };
const WATCH = {
  requestId: '1',
  namespace: 'public',
  groupKeyPattern: 'public>>*>>*',
  receivedGroupKeys: [],
  watchType: 'WATCH',
  initializing: true,
};

/** Returns a part of a connection whose sockets open, or don't, like this. */
function attachmentOver(open: SocketOpener) {
  const services = new Replicas(() => new ServiceListing());
  const names = new Replicas(() => new ServiceNames());
  const link = (): SocketLink => new SocketLink(open, 'http://registry.test', REAL_TIME);
  // `as`: a subscription calls nothing
  const client = { namespace: 'public', calls: {} as NacosCalls, link };
  const attachment = new Attachment(
    client,
    'client',
    { services, names, holders: new InstanceHolders() },
    { push: () => {}, lost: () => {}, failed: () => {} },
  );
  return { attachment, services, names };
}

it('[NG5] a subscription is refused in the time of its client if the registry does not answer, and leaves nothing', async () => {
  const { attachment, services, names } = attachmentOver(() => new Promise(() => {}));
  const refused = [
    expect(attachment.subscribe(SERVICE, '')).rejects.toMatchObject({ code: 'UNREACHABLE' }),
    expect(attachment.watchNames(PATTERN, WATCH)).rejects.toMatchObject({ code: 'UNREACHABLE' }),
  ];
  await vi.advanceTimersByTimeAsync(NACOS_ANSWER_MAX_MS);
  await Promise.all(refused);
  expect([attachment.isIdle, services.size, names.size]).toEqual([true, 0, 0]);
  attachment.close(true);
});

it('[NG5] a subscription is refused with what has refused the socket, while that is not tried again', async () => {
  let attempts = 0;
  const { attachment } = attachmentOver(() => {
    attempts += 1;
    if (attempts > 1) return new Promise(() => {});
    return Promise.resolve({ error: new RollcallError('NAMESPACE_NOT_FOUND', 'missing'), isBlocked: false });
  });
  await expect(attachment.subscribe(SERVICE, '')).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
  const again = expect(attachment.subscribe(SERVICE, '')).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
  await vi.advanceTimersByTimeAsync(NACOS_ANSWER_MAX_MS);
  await again;
  attachment.close(true);
});
