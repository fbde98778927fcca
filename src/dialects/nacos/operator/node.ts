import { withoutBrackets } from '../../../model/address';

/** Version that clients see: the Nacos version whose APIs v1 and v2 are implemented here. */
const NACOS_VERSION = '2.5.1';

/** Status that health checks of clients expect. */
export const UP = { status: 'UP' } as const;

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

/** Address of this registry, as in the caller's request. */
interface NodeAddress {
  ip: string;
  port: number;
  /** Both, in the format that clients expect. */
  address: string;
}

/** Returns the address that a request was sent to, which clients can therefore reach. */
export function nodeAddress(url: string): NodeAddress {
  const { protocol, hostname, port: written } = new URL(url);
  const port = written === '' ? (DEFAULT_PORTS[protocol] ?? 80) : Number(written);
  return { ip: withoutBrackets(hostname), port, address: `${hostname}:${port}` };
}

/** Returns this registry as the only node of a cluster, as consoles see it. */
export function clusterNode(url: string): object {
  const { ip, port, address } = nodeAddress(url);
  return {
    ip,
    port,
    state: UP.status,
    extendInfo: { version: NACOS_VERSION },
    address,
    failAccessCnt: 0,
    abilities: {
      remoteAbility: { supportRemoteConnection: false, grpcReportEnabled: false },
      configAbility: { supportRemoteMetrics: false },
      namingAbility: { supportJraft: false },
    },
    grpcReportEnabled: false,
  };
}

/** Returns the state of the server, which a console requests first. All values are strings. */
export function serverState(url: string): Record<string, string | null> {
  return {
    version: NACOS_VERSION,
    standalone_mode: 'standalone',
    function_mode: 'naming',
    server_port: String(nodeAddress(url).port),
    auth_enabled: 'true',
    auth_system_type: 'nacos',
    login_page_enabled: 'true',
    console_ui_enabled: 'false',
  };
}
