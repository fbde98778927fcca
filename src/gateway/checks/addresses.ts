import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { withoutBrackets } from '../../model/address';
import type { Target } from './probe';

/** A check that may not be run, because its target is not the instance. The message says why. */
export class RefusedTarget extends Error {
  override readonly name = 'RefusedTarget';
}

/** Addresses that no check may use: they mean no host, several hosts, or a service of the platform. */
const REFUSED = new BlockList();
REFUSED.addSubnet('0.0.0.0', 8, 'ipv4');
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addSubnet('224.0.0.0', 4, 'ipv4');
REFUSED.addSubnet('240.0.0.0', 4, 'ipv4');
REFUSED.addAddress('100.100.100.200', 'ipv4'); // metadata of Alibaba Cloud
REFUSED.addAddress('::', 'ipv6');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addSubnet('ff00::', 8, 'ipv6');
REFUSED.addAddress('fd00:ec2::254', 'ipv6'); // metadata of AWS

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Reports whether a list has an address, whatever its zone. A host name is in none. */
function includes(list: BlockList, address: string): boolean {
  const [bare = ''] = address.split('%', 1);
  return isIP(bare) > 0 && list.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
}

/** Returns an address in its shortest form, and IPv4 inside IPv6 as IPv4. */
export function plainAddress(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short);
  if (mapped === null) return short;
  const bytes = mapped.slice(1).flatMap((part) => {
    const number = Number.parseInt(part, 16);
    return [number >> 8, number & 255];
  });
  return bytes.join('.');
}

/** Reports whether an address is of the loopback interface. */
export const isLoopbackAddress = (address: string): boolean => includes(LOOPBACK, address);

/** Resolves a host name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const resolveByName: Resolve = async (host) => {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    throw new RefusedTarget(`the host name ${host} can't be resolved`);
  }
};

/** Settings of {@link TargetRules}. */
export interface TargetSettings {
  /** False: checks of loopback addresses are refused, because instances may be on other machines. */
  loopback: boolean;
  /** Default: the resolver of the system. */
  resolve?: Resolve | undefined;
  /** Returns the addresses of this machine. Default: those of its network interfaces. */
  ownAddresses?: (() => readonly string[]) | undefined;
}

const interfaceAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => plainAddress(address)));

/**
 * Decides where a check may connect: only to the address of its own instance. Otherwise every client that may register
 * could use the runner to reach hosts that only the runner reaches.
 */
export class TargetRules {
  readonly #loopback: boolean;
  readonly #resolve: Resolve;
  readonly #ownAddresses: () => readonly string[];

  constructor({ loopback, resolve = resolveByName, ownAddresses = interfaceAddresses }: TargetSettings) {
    this.#loopback = loopback;
    this.#resolve = resolve;
    this.#ownAddresses = ownAddresses;
  }

  /**
   * Returns the target with the address to connect to.
   *
   * A name is resolved once, and the probe connects to the address found, so that a name that changes between the two
   * steps leads nowhere else. An instance on this machine may be checked at any address of it.
   *
   * @param instance Address or host name of the instance.
   * @throws {RefusedTarget} if the check is not of that instance, or its address may not be used.
   */
  async target(instance: string, host: string, port: number): Promise<Target> {
    const [own, asked] = await Promise.all([this.#addressesOf(instance), this.#addressesOf(host)]);
    const address = asked.find((each) => own.includes(each)) ?? this.#onThisMachine(own, asked);
    if (address === undefined) throw new RefusedTarget(`${host} is not the address of the instance, ${instance}`);
    if (includes(REFUSED, address)) throw new RefusedTarget(`no checks are sent to the address ${address}`);
    if (!this.#loopback && isLoopbackAddress(address)) {
      throw new RefusedTarget(`no checks are sent to the loopback address ${address}, as clients may be elsewhere`);
    }
    return { host, port, address };
  }

  /** Returns an address of this machine that is asked for, if the instance has another one. */
  #onThisMachine(own: readonly string[], asked: readonly string[]): string | undefined {
    const machine = this.#ownAddresses();
    if (!own.some((each) => isLoopbackAddress(each) || machine.includes(each))) return undefined;
    return asked.find((each) => isLoopbackAddress(each) || (this.#loopback && machine.includes(each)));
  }

  async #addressesOf(host: string): Promise<string[]> {
    const bare = withoutBrackets(host);
    const found = isIP(bare) > 0 ? [bare] : await this.#resolve(bare);
    return found.map(plainAddress);
  }
}
