import { create } from '@bufbuild/protobuf';
import { describe, expect, it, vi } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { EtcdStream } from '../../../test/fixtures/etcd-stream';
import { WatchResponseSchema } from '../../codecs/etcd/messages/rpc_pb';
import { ETCD_STREAM_QUEUE_MAX_CHARACTERS } from '../../model/limits';
import type { StreamOutput } from '../../protocols/etcd/etcd-call';
import { ETCD_METHODS } from '../../protocols/etcd/methods';

/** A stream over JSON that sends what a test says. */
async function opened(): Promise<{ output: StreamOutput; response: Response; close: () => void }> {
  const stage = new EtcdStage();
  const method = ETCD_METHODS.find(({ paths }) => paths.includes('watch'));
  if (method?.kind !== 'stream') throw new Error('watch is a stream');
  const close = vi.fn();
  const { promise, resolve } = Promise.withResolvers<StreamOutput>();
  const input = { take: () => {}, finish: () => {}, pause: () => {}, resume: () => {}, close };
  vi.spyOn(method, 'open').mockImplementationOnce((_, output) => {
    resolve(output);
    return input;
  });
  const answering = stage.send('/v3/watch', {});
  const output = await promise;
  output.send(create(WatchResponseSchema, {}));
  const response = await answering;
  return { output, response, close };
}

/** Returns a message of some length as JSON. Text takes less time to encode than bytes. */
const messageOf = (characters: number) => create(WatchResponseSchema, { cancelReason: 'x'.repeat(characters) });

const MAX = ETCD_STREAM_QUEUE_MAX_CHARACTERS;

describe('a stream of etcd’s JSON whose client does not read', () => {
  it('is cut off once too much waits', async () => {
    const { output, response, close } = await opened();
    const half = messageOf(MAX / 2);
    output.send(half);
    output.send(half);
    expect(close).not.toHaveBeenCalled();
    output.send(messageOf(1));
    expect(close).toHaveBeenCalledOnce();
    output.send(half);
    await expect(response.text()).rejects.toBeUndefined();
  });

  it('gets a single message of any size', async () => {
    const { output, response, close } = await opened();
    const stream = new EtcdStream(response);
    output.send(messageOf(MAX + 1));
    expect(await stream.next()).toEqual({});
    expect(close).not.toHaveBeenCalled();
    expect((await stream.next()).cancel_reason.length).toBe(MAX + 1);
    output.end();
    expect(await stream.next()).toBeUndefined();
  });
});
