/** What is said to those who look for a version: whose ways of v1 and v2 these are. */
const NACOS_VERSION = '2.5.1';

/** What health checks of clients look for. */
export const UP = { status: 'UP' } as const;

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

/** Where this registry is, as the caller wrote it. */
interface NodeAddress {
  ip: string;
  port: number;
  /** Both, as clients take them. */
  address: string;
}

/** The address that a request was sent to: clients can reach that one. */
export function nodeAddress(url: string): NodeAddress {
  const { protocol, hostname, port: written } = new URL(url);
  const port = written === '' ? (DEFAULT_PORTS[protocol] ?? 80) : Number(written);
  return { ip: hostname.replace(/^\[(.*)\]$/, '$1'), port, address: `${hostname}:${port}` };
}

/** The only node of the cluster, which consoles take this for. */
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

/** What a console asks for first. All of it is text. */
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
