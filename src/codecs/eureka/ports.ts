import { RegistryError } from '../../model/errors';
import type { InstanceDefinition, InstanceView } from '../../model/instance';
import type { EurekaPort, WrittenInfo } from './info';

/** Shown where an instance has no secure port: what Eureka's clients take for the usual. */
const NO_SECURE_PORT: EurekaPort = { number: 443, enabled: false };

const shortly = ({ number, enabled }: EurekaPort): string => (enabled ? `${number}` : `${number}, disabled`);

const isPort = (port: number): boolean => port >= 1 && port <= 65_535;

/**
 * Maps the two ports to those of the core: the one to call, and the secure one by name.
 *
 * @throws {RegistryError} `INVALID_REQUEST` where what is enabled is no port: no caller is sent to one that is disabled.
 */
export function corePorts({ port, securePort }: WrittenInfo): Pick<InstanceDefinition, 'port' | 'ports'> {
  const both = [port, securePort];
  const enabled = both.filter((each) => each.enabled);
  const primary = (enabled.length > 0 ? enabled : both).find(({ number }) => isPort(number));
  if (primary === undefined) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `neither port (${shortly(port)}) nor securePort (${shortly(securePort)}) is a port from 1 to 65535 to be called at`,
    );
  }
  const isSecure = securePort.enabled && isPort(securePort.number);
  return { port: primary.number, ports: isSecure ? { https: { port: securePort.number, secure: true } } : {} };
}

/** Maps the ports of the core to the two that clients are shown. */
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

/** The ports of an instance that is reached by a URL alone. */
function urlPorts(url: string): Record<'port' | 'securePort', EurekaPort> {
  const { protocol, port } = new URL(url);
  const isSecure = protocol === 'https:';
  const number = port === '' ? (isSecure ? 443 : 80) : Number(port);
  return isSecure
    ? { port: { number: 80, enabled: false }, securePort: { number, enabled: true } }
    : { port: { number, enabled: true }, securePort: NO_SECURE_PORT };
}

/** Tells whether two ports are the same, and used alike. */
export const samePort = (a: EurekaPort, b: EurekaPort): boolean => a.number === b.number && a.enabled === b.enabled;
