import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { clusterNode, nodeAddress, serverState } from './node';

describe('the node', () => {
  it('[Y14] has the address to which the request was sent', () =>
    eachRow(
      [
        ['http://registry:8848/nacos/serverlist', 'registry:8848', 'registry', 8848],
        ['http://10.0.0.1/nacos', '10.0.0.1:80', '10.0.0.1', 80],
        ['https://rollcall.example/nacos', 'rollcall.example:443', 'rollcall.example', 443],
        ['http://[::1]:8848/nacos', '[::1]:8848', '::1', 8848],
      ],
      (url, address, ip, port) => {
        expect(nodeAddress(url)).toEqual({ ip, port, address });
        expect(clusterNode(url)).toMatchObject({ ip, port, address, state: 'UP' });
        expect(serverState(url)).toMatchObject({
          server_port: String(port),
          version: expect.stringMatching(/^2\.5\./),
        });
      },
    ));
});
