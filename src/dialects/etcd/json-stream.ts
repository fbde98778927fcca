import type { Message } from '@bufbuild/protobuf';
import { messageOfJson } from '../../codecs/etcd/json';
import { JsonTexts } from '../../codecs/etcd/json-texts';
import { refusalOf, streamRefusalText } from '../../codecs/etcd/refusals';
import type { RouteCall } from '../../http/pipeline/route-call';
import { rejectBrokenOff } from '../../http/request/body';
import type { BytePipe } from '../../http/watch/event-stream';
import type { RegistryError } from '../../model/errors';
import {
  ETCD_JSON_MAX_BYTES,
  ETCD_STREAM_QUEUE_CHARACTERS,
  ETCD_STREAM_QUEUE_MAX_CHARACTERS,
  ETCD_STREAM_WAIT_MS,
  EVENT_STREAM_FLUSH_MAX_MS,
  EVENT_STREAM_KEEPALIVE_MS,
} from '../../model/limits';
import type { StreamInput, StreamOutput } from '../../protocols/etcd/etcd-call';
import { type EtcdMethod, type EtcdStreamMethod, toRegistryError } from '../../protocols/etcd/methods';
import { JSON_HEADERS, resultLine } from './answers';
import { etcdCall } from './called';

/** Headers that keep proxies from compressing or buffering a stream. */
const STREAM_HEADERS = { ...JSON_HEADERS, 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' };

/** White space between the JSON values of a stream, which decoders skip: it keeps proxies from closing an idle stream. */
const KEEPALIVE = '\n';

const encoder = new TextEncoder();

/**
 * Answers a stream. The status is that of the first response: an error before it is an ordinary one, as in etcd.
 *
 * @throws {RegistryError}
 */
export async function answerStream(each: EtcdStreamMethod, call: RouteCall): Promise<Response> {
  const { surroundings, tokenId, request } = call;
  const leave = surroundings.waits.enter({ tokenId, subscriber: '' }, ETCD_STREAM_WAIT_MS);
  const pipe = surroundings.openPipe();
  const stream = new JsonStream(pipe, (message: Message) => resultLine(each.method.output, message), leave);
  call.received.signal.addEventListener('abort', () => stream.stop());
  const input = each.open(etcdCall(call), stream);
  stream.begin(input);
  if (call.received.signal.aborted) stream.stop();
  void takeMessages(request, each, input, stream);
  await stream.opened;
  return new Response(pipe.readable, { headers: STREAM_HEADERS });
}

/** Passes the messages of a body on as they arrive. */
async function takeMessages(
  request: Request,
  { method }: EtcdMethod,
  input: StreamInput,
  stream: JsonStream,
): Promise<void> {
  const texts = new JsonTexts(ETCD_JSON_MAX_BYTES);
  const decoder = new TextDecoder();
  const take = async (piece: string): Promise<void> => {
    for (const text of texts.push(piece)) {
      if (stream.isOver) return;
      const waiting = input.take(messageOfJson(method.input, text));
      if (waiting !== undefined) await waiting;
    }
  };
  try {
    const reader = request.body?.getReader();
    // What a client still sends is not read once it is refused, or has left.
    stream.whenOver(() => void reader?.cancel().catch(() => {}));
    while (reader !== undefined && !stream.isOver) {
      const { done, value } = await reader.read().catch(rejectBrokenOff);
      if (done) break;
      await take(decoder.decode(value, { stream: true }));
    }
    await take(decoder.decode());
    texts.end();
    input.finish();
  } catch (error) {
    stream.end(toRegistryError(error));
  }
}

/** A response of several JSON values: one a line, as etcd's gateway writes them. */
class JsonStream implements StreamOutput {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lineOf: (message: Message) => string;
  readonly #opened = Promise.withResolvers<void>();
  readonly #atEnd: (() => void)[];
  #input: StreamInput | undefined;
  #queue: string[] = [];
  #queuedCharacters = 0;
  #isPaused = false;
  #isWriting = false;
  #isOpen = false;
  #isEnding = false;

  /** @param over Called once the stream is over. */
  constructor({ writable }: BytePipe, lineOf: (message: Message) => string, over: () => void) {
    this.#writer = writable.getWriter();
    // The next write detects that the client is gone.
    this.#writer.closed.catch(() => {});
    this.#lineOf = lineOf;
    const keepalive = setInterval(() => this.#keepAlive(), EVENT_STREAM_KEEPALIVE_MS);
    this.#atEnd = [over, () => clearInterval(keepalive)];
  }

  /** Resolves when something is to be sent; rejects with an error that comes before. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** True if it takes nothing more. */
  get isOver(): boolean {
    return this.#isEnding;
  }

  /** @param input Where its requests go. */
  begin(input: StreamInput): void {
    this.#input = input;
    if (this.#isEnding) input.close();
  }

  /** Runs an act at the end of the stream, or now if it is over. */
  whenOver(act: () => void): void {
    if (this.#isEnding) act();
    else this.#atEnd.push(act);
  }

  send(message: Message): void {
    if (this.#isEnding) return;
    // A single message of any size may be sent; one behind so much may not make it worse.
    if (this.#queuedCharacters > ETCD_STREAM_QUEUE_MAX_CHARACTERS) this.stop();
    else this.#enqueue(this.#lineOf(message));
  }

  end(error?: RegistryError): void {
    if (this.#isEnding) return;
    if (error !== undefined && !this.#isOpen) {
      this.#opened.reject(error);
      this.stop();
      return;
    }
    if (error !== undefined) this.#enqueue(streamRefusalText(refusalOf(error)));
    this.#leave();
    this.#open();
    if (!this.#isWriting) {
      void this.#writeQueued();
      return;
    }
    const flush = setTimeout(() => this.stop(), EVENT_STREAM_FLUSH_MAX_MS);
    this.#atEnd.push(() => clearTimeout(flush));
  }

  /** Ends the stream at once, as the client is gone. */
  stop(): void {
    this.#leave();
    this.#open();
    this.#queue = [];
    this.#writer.abort().catch(() => {});
  }

  #keepAlive(): void {
    // None is needed during a write.
    if (!this.#isEnding && !this.#isWriting) this.#enqueue(KEEPALIVE);
  }

  #enqueue(text: string): void {
    this.#queue.push(text);
    this.#queuedCharacters += text.length;
    if (!this.#isPaused && this.#queuedCharacters > ETCD_STREAM_QUEUE_CHARACTERS) {
      this.#isPaused = true;
      this.#input?.pause();
    }
    this.#open();
    if (!this.#isWriting) void this.#writeQueued();
  }

  #open(): void {
    this.#isOpen = true;
    this.#opened.resolve();
  }

  async #writeQueued(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#queue.length > 0) {
        const text = this.#queue.splice(0).join('');
        await this.#writer.write(encoder.encode(text));
        this.#queuedCharacters -= text.length;
        this.#resume();
      }
      if (this.#isEnding) {
        await this.#writer.close();
        this.#leave();
      }
    } catch {
      // The client is gone.
      this.stop();
    }
    this.#isWriting = false;
  }

  #resume(): void {
    if (!this.#isPaused || this.#queuedCharacters > ETCD_STREAM_QUEUE_CHARACTERS / 2) return;
    this.#isPaused = false;
    this.#input?.resume();
  }

  #leave(): void {
    this.#isEnding = true;
    for (const act of this.#atEnd.splice(0)) act();
    this.#input?.close();
    this.#input = undefined;
  }
}
