import type { Message } from '@bufbuild/protobuf';
import { messageOfJson } from '../../codecs/etcd/json';
import { JsonTexts } from '../../codecs/etcd/json-texts';
import { refusalOf, streamRefusalText } from '../../codecs/etcd/refusals';
import type { RouteCall } from '../../http/pipeline/route-call';
import { deferred } from '../../model/deferred';
import type { RegistryError } from '../../model/errors';
import { ETCD_JSON_MAX_BYTES, ETCD_SHORT_STREAM_MAX_BYTES } from '../../model/limits';
import { type EtcdStreamMethod, toRegistryError } from '../../protocols/etcd/methods';
import { jsonAnswer, resultLine } from './answers';
import { readText } from './bodies';
import { etcdCall } from './called';

/** Returns whether all requests of a stream are in one short body, and the stream ends with them. */
export function isShortStream({ endsWithInput }: EtcdStreamMethod, { headers }: Request): boolean {
  const length = headers.get('content-length');
  return endsWithInput && length !== null && Number(length) <= ETCD_SHORT_STREAM_MAX_BYTES;
}

/**
 * Answers such a stream with one response that has a length. It takes a fraction of the time of one that is kept open, and
 * clients that renew a lease over JSON send one request at a time.
 *
 * @throws {RegistryError} An error before the first response, as in etcd.
 */
export async function answerShortStream(each: EtcdStreamMethod, call: RouteCall): Promise<Response> {
  const { method } = each;
  const text = await readText(call.request);
  const { promise: ended, resolve, reject } = deferred<void>();
  let lines = '';
  const end = (error?: RegistryError): void => {
    if (error !== undefined && lines === '') reject(error);
    else if (error !== undefined) lines += streamRefusalText(refusalOf(error));
    resolve();
  };
  const input = each.open(etcdCall(call), {
    send: (message: Message) => {
      lines += resultLine(method.output, message);
    },
    end,
  });
  try {
    const texts = new JsonTexts(ETCD_JSON_MAX_BYTES);
    for (const one of texts.push(text)) await input.take(messageOfJson(method.input, one));
    texts.end();
    input.finish();
  } catch (error) {
    end(toRegistryError(error));
  }
  await ended;
  return jsonAnswer(lines);
}
