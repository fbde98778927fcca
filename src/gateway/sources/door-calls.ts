import { INSTANCE_HEADER, instanceHeader, RUNNER_HEADER } from '../../codecs/consul/check-headers';
import { NODES } from '../../codecs/consul/kept';
import type { CheckedInstance } from '../checks/check-registry';
import type { CheckResult } from '../checks/probe';

/** Name of the runner in the resident host. */
export const HOST_RUNNER = 'host';

/** Time for a call to the registry. */
const CALL_TIMEOUT_MS = 30_000;

/** Number of characters of an answer that an error quotes. */
const QUOTED_LENGTH = 200;

/** Parameters of {@link DoorCalls}. */
export interface DoorCallsOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  /** Token that may operate the services. */
  token: () => string | undefined;
  /** Name of the runner. */
  runner: string;
  send(url: string, init: RequestInit): Promise<Response>;
}

/** Reports results of checks through Consul's API of the registry, as the agent on the node of the instance. */
export class DoorCalls {
  readonly #options: DoorCallsOptions;

  constructor(options: DoorCallsOptions) {
    this.#options = options;
  }

  /** Sets the result of a check. `gone`: the registry does not have the check any more. */
  async report(instance: CheckedInstance, check: string, result: CheckResult): Promise<'reported' | 'gone'> {
    const body = JSON.stringify({ Status: result.status, Output: result.output });
    return (await this.#put(instance, `check/update/${encodeURIComponent(check)}`, body)) ? 'reported' : 'gone';
  }

  /** Removes an instance. Does nothing for a check of a node, which belongs to no service. */
  async deregister(instance: CheckedInstance): Promise<void> {
    const { group, service } = instance.key;
    if (group === NODES.group && service === NODES.service) return;
    await this.#put(instance, `service/deregister/${encodeURIComponent(instance.serviceId)}`, undefined);
  }

  /** Calls the agent of a node. Returns false if it does not know what the call is about. */
  async #put(
    { namespace, node, key }: Pick<CheckedInstance, 'namespace' | 'node' | 'key'>,
    path: string,
    body: string | undefined,
  ): Promise<boolean> {
    const { url, token, runner, send } = this.#options;
    const credential = token();
    const agent = `${url}/n/${encodeURIComponent(namespace)}/node/${encodeURIComponent(node)}/v1/agent`;
    const headers: Record<string, string> = {
      [RUNNER_HEADER]: runner,
      [INSTANCE_HEADER]: instanceHeader(key),
    };
    if (credential !== undefined) headers.authorization = `Bearer ${credential}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await send(`${agent}/${path}`, { method: 'PUT', headers, body: body ?? null, signal });
    const text = await response.text();
    if (response.ok) return true;
    if (response.status === 404) return false;
    throw new Error(`the registry answered ${response.status}: ${text.slice(0, QUOTED_LENGTH)}`);
  }
}
