import type { BatchReport, HeartbeatReport } from '../../src/model/batch';
import { encodeCursor } from '../../src/model/cursor';
import type { GrantedLeaseView } from '../../src/model/granted-lease';
import type { InstanceView } from '../../src/model/instance';
import type { InstanceList } from '../../src/model/queries';
import type { TransactionReport } from '../../src/model/transaction-report';
import { type HttpAnswer, HttpCaller, OutcomeUnknown } from '../http/http-caller';
import { instancePath, servicePath } from '../watch-proofs/registry-calls';
import { type Answer, type Call, type Condition, idOf, type Key, keyOf, type Step, serviceOf } from './operation';
import { Unlawful } from './recorder';
import {
  batchAnswer,
  batchOperation,
  positionOf,
  refusal,
  shownOf,
  stepBody,
  transactionAnswer,
  transactionBody,
} from './wire';

/** Time after which a call without an answer fails. */
const ANSWER_WITHIN_MS = 4_000;

/** Makes the calls of a history over HTTP. Does not validate the bodies of answers, which other tests cover. */
export class HttpOperator {
  readonly #caller: HttpCaller;

  constructor(url: string, token: string) {
    this.#caller = new HttpCaller(url, token, ANSWER_WITHIN_MS);
  }

  /**
   * @throws {OutcomeUnknown} if there is no answer, or one with an unknown outcome.
   * @throws {Unlawful} if a registry must never give this answer.
   */
  perform(call: Call): Promise<Answer> {
    switch (call.kind) {
      case 'change': {
        const [step] = call.steps;
        const isSingle = call.steps.length === 1 && step !== undefined && step.condition.revision === undefined;
        return isSingle ? this.#single(step) : this.#batch(call.steps);
      }
      case 'read':
        return this.#read(pathOf(call.key), call.since, (body: InstanceView) => [body]);
      case 'list':
        return this.#read(`${servicePath(call.service)}/instances`, call.since, (body: InstanceList) => body.instances);
      case 'renew':
        return this.#renew(call.keys);
      case 'transact':
        return this.#transact(call);
      case 'revoke':
        return this.#revoke(call.lease);
      case 'end':
        throw new Error('a session ends over its socket');
    }
  }

  /** Grants a lease, and returns its id. */
  async grantLease(terms: { ttlMs: number; lockDelayMs: number }): Promise<string> {
    const answer = await this.#call('POST', '/leases', terms);
    if (answer.status !== 201) throw new Unlawful(`a grant was answered ${answer.status} ${answer.text}`);
    return (JSON.parse(answer.text) as GrantedLeaseView).id; // `as`: see above
  }

  /** Renews a lease. Returns false if it has ended. */
  async renewLease(id: string): Promise<boolean> {
    const answer = await this.#call('POST', `/leases/${id}/renew`);
    if (answer.status >= 400) refused(answer);
    return answer.status === 200;
  }

  close(): void {
    this.#caller.close();
  }

  async #single(step: Step): Promise<Answer> {
    const method = { register: 'PUT', update: 'PATCH', deregister: 'DELETE' }[step.op];
    const answer = await this.#call(method, pathOf(step.key), stepBody(step), headersOf(step.condition));
    if (answer.status >= 400) return refused(answer);
    const at = positionOf(answer.headers['rollcall-cursor']);
    if (step.op === 'deregister') return { kind: 'changed', at, results: [{}] };
    const shown = shownOf(JSON.parse(answer.text) as InstanceView); // `as`: see above
    const outcome = answer.status === 201 ? ('created' as const) : undefined; // `as`: one of the outcomes
    return { kind: 'changed', at, results: [{ outcome, revision: shown.revision, shown }] };
  }

  async #batch(steps: Step[]): Promise<Answer> {
    const answer = await this.#call('POST', '/batch', { operations: steps.map(batchOperation) });
    return answer.status >= 400 ? refused(answer) : batchAnswer(JSON.parse(answer.text) as BatchReport); // `as`: see above
  }

  async #read<Body>(path: string, since: Condition['since'], viewsIn: (body: Body) => InstanceView[]): Promise<Answer> {
    const headers: Record<string, string> = since === undefined ? {} : { 'If-None-Match': `"${encodeCursor(since)}"` };
    const answer = await this.#call('GET', path, undefined, headers);
    if (answer.status >= 400) return refused(answer);
    const at = positionOf(answer.headers['rollcall-cursor']);
    if (answer.status === 304) return { kind: 'unmodified', at };
    return { kind: 'shown', at, records: viewsIn(JSON.parse(answer.text) as Body).map(shownOf) }; // `as`: see above
  }

  async #transact(call: Extract<Call, { kind: 'transact' }>): Promise<Answer> {
    const answer = await this.#call('POST', '/transaction', transactionBody(call));
    return answer.status >= 400 ? refused(answer) : transactionAnswer(JSON.parse(answer.text) as TransactionReport); // `as`: see above
  }

  async #revoke(lease: string): Promise<Answer> {
    const answer = await this.#call('DELETE', `/leases/${lease}`);
    if (answer.status >= 400) return refused(answer);
    return { kind: 'revoked', at: positionOf(answer.headers['rollcall-cursor']) };
  }

  async #renew(keys: Key[]): Promise<Answer> {
    const [key] = keys;
    if (keys.length === 1 && key !== undefined) {
      const answer = await this.#call('POST', `${pathOf(key)}/heartbeat`);
      if (answer.status >= 400) return refused(answer);
      return { kind: 'renewed', at: positionOf(answer.headers['rollcall-cursor']), unknown: [] };
    }
    const instances = keys.map((each) => ({ service: serviceOf(each), id: idOf(each) }));
    const answer = await this.#call('POST', '/heartbeat', { instances });
    if (answer.status >= 400) return refused(answer);
    const { unknown } = JSON.parse(answer.text) as HeartbeatReport; // `as`: see above
    const at = positionOf(answer.headers['rollcall-cursor']);
    return { kind: 'renewed', at, unknown: unknown.map(({ service, id }) => keyOf(service, id)) };
  }

  async #call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<HttpAnswer> {
    const answer = await this.#caller.call(method, path, body, headers);
    if (answer.status === 503 || answer.status === 504) throw new OutcomeUnknown(answer.text);
    if (answer.status >= 500) throw new Unlawful(`${method} ${path} was answered ${answer.status} ${answer.text}`);
    return answer;
  }
}

const pathOf = (key: Key): string => instancePath(serviceOf(key), idOf(key));

function headersOf({ absent, since }: Condition): Record<string, string> {
  if (since !== undefined) return { 'If-Match': `"${encodeCursor(since)}"` };
  if (absent === undefined) return {};
  return absent ? { 'If-None-Match': '*' } : { 'If-Match': '*' };
}

function refused({ text }: HttpAnswer): Answer {
  const { code } = JSON.parse(text) as { code: string }; // `as`: a problem has one
  return refusal(code, text);
}
