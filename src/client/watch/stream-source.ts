import { BackOff } from '../wire/back-off';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import { pause, type Time } from '../wire/time';
import type { WatchWireFrame } from '../wire/wire-frame';
import type { WatchRequest, WatchSink, WatchSource } from './watch';

/** An event of an event stream. */
export interface ServerEvent {
  type: string;
  data: string;
  /** Time until the next connection attempt, in milliseconds, if the event has one. */
  retryMs: number | undefined;
}

/**
 * Parses an event stream from pieces cut anywhere. Not supported, as the registry does not send them: several lines of
 * data, and a lone carriage return as the end of a line.
 * Source: HTML, 9.2.6.
 */
export class EventParser {
  #rest = '';
  #type = '';
  #data = '';
  #retryMs: number | undefined;

  /** Parses a piece, and returns the events that end in it. */
  take(piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  #line(line: string): ServerEvent[] {
    if (line === '') {
      const event = { type: this.#type, data: this.#data, retryMs: this.#retryMs };
      const isEvent = event.data !== '' || event.retryMs !== undefined;
      this.#type = '';
      this.#data = '';
      this.#retryMs = undefined;
      return isEvent ? [event] : [];
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === 'event') this.#type = value;
    if (name === 'data') this.#data = value;
    if (name === 'retry') this.#retryMs = Number(value);
    return [];
  }
}

/** Longest silence of a stream. The registry sends a comment every 15 s, so a longer silence means that it is broken. */
const SILENCE_MAX_MS = 40_000;

/** Pause after a failed acknowledgement. */
const ACKNOWLEDGE_AGAIN_MS = 1_000;

/** A watch over an event stream, read with `fetch`, which can send a token. */
export class StreamSource implements WatchSource {
  readonly #http: RegistryHttp;
  readonly #time: Time;
  readonly #subscriber: string;
  readonly #request: WatchRequest;
  readonly #sink: WatchSink;
  readonly #backOff: BackOff;
  #ended = new AbortController();
  #isAcknowledging = false;

  constructor(http: RegistryHttp, time: Time, subscriber: string, request: WatchRequest, sink: WatchSink) {
    this.#http = http;
    this.#time = time;
    this.#subscriber = subscriber;
    this.#request = request;
    this.#sink = sink;
    this.#backOff = new BackOff(time);
  }

  start(): void {
    this.#ended = new AbortController();
    void this.#run(this.#ended.signal);
  }

  stop(): void {
    this.#ended.abort();
  }

  acknowledge(): void {
    if (!this.#isAcknowledging) void this.#acknowledge(this.#ended.signal);
  }

  get #path(): string {
    return `${this.#http.namespacePath}/watch`;
  }

  /** Reads one stream after another. Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    const { observer, counts, previous } = this.#request;
    let isPlain = false;
    while (!signal.aborted) {
      let pauseMs: number | undefined;
      try {
        pauseMs = await this.#read(isPlain ? {} : { observer, counts, previous }, signal);
        isPlain = false;
      } catch (error) {
        if (signal.aborted) return;
        const reason = await this.#http.failure(error, 'GET', this.#path, 'broke');
        // An older registry refuses options that it does not know.
        if (reason.code === 'INVALID_REQUEST' && !isPlain && (observer || counts)) {
          isPlain = true;
          continue;
        }
        if (signal.aborted || this.#sink.refused(reason)) return;
        pauseMs = reason.retryAfterMs;
      }
      if (signal.aborted) return;
      this.#sink.down();
      await pause(this.#time, pauseMs ?? this.#backOff.next(), signal);
    }
  }

  /** Reads a stream to its end; returns the time until the next attempt, if the registry sent one. */
  async #read(options: Omit<WatchRequest, 'scope'>, signal: AbortSignal): Promise<number | undefined> {
    const broken = new AbortController();
    const { cursor } = this.#sink;
    const { services: service, groups: group, keys } = this.#request.scope;
    const named = keys && (await import('./key-query')).keysQuery(keys);
    const answer = await this.#http.request('GET', this.#path, {
      query: { service, group, ...named, cursor, ...options },
      headers: { 'Rollcall-Subscriber': this.#subscriber, Accept: 'text/event-stream' },
      signal: AbortSignal.any([signal, broken.signal]),
    });
    // Another server may answer with anything.
    if (!answer.headers.get('content-type')?.includes('event-stream')) throw answer;
    const reader = answer.body?.getReader();
    if (reader === undefined)
      throw new RollcallError('UNREACHABLE', 'this runtime cannot read streams; use the transport poll');
    let cancel = () => {};
    try {
      const decoder = new TextDecoder();
      const parser = new EventParser();
      let retryMs: number | undefined;
      for (;;) {
        cancel = this.#time.after(SILENCE_MAX_MS, () => broken.abort(new Error('the event stream fell silent')), true);
        const { done, value } = await reader.read();
        cancel();
        if (done || signal.aborted) return retryMs;
        for (const event of parser.take(decoder.decode(value, { stream: true }))) {
          retryMs = event.retryMs ?? retryMs;
          // The registry sends this first, once it has accepted the watch.
          if (event.retryMs !== undefined) this.#begun();
          if (event.data !== '') this.#take(event.data);
        }
      }
    } finally {
      cancel();
      // After an error the rest is of no use.
      reader.cancel().catch(() => {});
    }
  }

  #begun(): void {
    this.#backOff.reset();
    this.#sink.up();
    // The registry keeps receipts in memory only, so they are sent again.
    this.acknowledge();
  }

  #take(data: string): void {
    // `as`: the registry's own tests check its frames against the schema
    this.#sink.take(JSON.parse(data) as WatchWireFrame, data.length);
  }

  /** Sends the newest acknowledged cursor, until it has arrived. Never rejects. */
  async #acknowledge(signal: AbortSignal): Promise<void> {
    this.#isAcknowledging = true;
    const path = `${this.#http.namespacePath}/subscribers/${encodeURIComponent(this.#subscriber)}/ack`;
    let sent: string | undefined;
    while (!signal.aborted && sent !== this.#sink.acknowledged) {
      const cursor = this.#sink.acknowledged;
      try {
        await this.#http.call('POST', path, { body: { cursor }, signal });
        sent = cursor;
      } catch (error) {
        if (!RollcallError.from(error, 'no receipt').isPassing) break;
        await pause(this.#time, ACKNOWLEDGE_AGAIN_MS, signal);
      }
    }
    this.#isAcknowledging = false;
  }
}
