import { RegistryError } from '../../model/errors';
import type { InstanceDefinition, InstanceView } from '../../model/instance';
import type { EurekaPort, WrittenInfo } from './info';

/** Secure port that is shown for an instance without one: the default of Eureka's clients. */
const NO_SECURE_PORT: EurekaPort = { number: 443, enabled: false };

const shortly = ({ number, enabled }: EurekaPort): string => (enabled ? `${number}` : `${number}, disabled`);

const isPort = (port: number): boolean => port >= 1 && port <= 65_535;

/**
 * Maps the two ports to those of the core: the main port, and the secure one as a named port.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if no enabled port is valid; clients must not be sent to a disabled one.
 */
export function corePorts({ port, securePort }: WrittenInfo): Pick<InstanceDefinition, 'port' | 'ports'> {
  const both = [port, securePort];
  const enabled = both.filter((each) => each.enabled);
  const primary = (enabled.length > 0 ? enabled : both).find(({ number }) => isPort(number));
  if (primary === undefined) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `neither port (${shortly(port)}) nor securePort (${shortly(securePort)}) is a usable port from 1 to 65535`,
    );
  }
  const isSecure = securePort.enabled && isPort(securePort.number);
  return { port: primary.number, ports: isSecure ? { https: { port: securePort.number, secure: true } } : {} };
}

/** Maps the ports of the core to the two that Eureka's clients see. */
export function shownPorts({
  port,
  ports,
  url,
}: Pick<InstanceView, 'port' | 'ports' | 'url'>): Record<'port' | 'securePort', EurekaPort> {
  const secure = Object.values(ports).find((named) => named.secure)?.port;
  if (port === undefined) return urlPorts(url ?? '');
  return {
    port: { number: port, enabled: port !== secure },
    securePort: secure === undefined ? NO_SECURE_PORT : { number: secure, enabled: true },
  };
}

/** Returns the ports of an instance that has only a URL. */
function urlPorts(url: string): Record<'port' | 'securePort', EurekaPort> {
  const { protocol, port } = new URL(url);
  const isSecure = protocol === 'https:';
  const number = port === '' ? (isSecure ? 443 : 80) : Number(port);
  return isSecure
    ? { port: { number: 80, enabled: false }, securePort: { number, enabled: true } }
    : { port: { number, enabled: true }, securePort: NO_SECURE_PORT };
}

/** Reports whether two ports are equal, including their flags. */
export const samePort = (a: EurekaPort, b: EurekaPort): boolean => a.number === b.number && a.enabled === b.enabled;
