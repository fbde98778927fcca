import type { DirectoryApi } from '../../model/directory-api';
import { openValue } from './envelope';
import type { DirectoryStub } from './object-stubs';
import { isPreviousValue, openPreviousValue } from './previous-wire';
import { RemoteCalls, type RepeatTime, remoteMethods } from './remote-call';

/**
 * The directory that lives in a Durable Object, as surfaces see it.
 *
 * @param stub Makes a new stub for each try: one that has thrown stays broken.
 */
export function remoteDirectory(stub: () => DirectoryStub, time?: RepeatTime): DirectoryApi {
  const open = (outcome: string) => (isPreviousValue(outcome) ? openPreviousValue(outcome) : openValue(outcome));
  const { once, read } = remoteMethods<DirectoryApi>(new RemoteCalls(stub, time), open);
  return {
    createNamespace: once('createNamespace'),
    listNamespaces: read('listNamespaces'),
    readNamespace: read('readNamespace'),
    patchNamespace: once('patchNamespace'),
    removeNamespace: once('removeNamespace'),
    createToken: once('createToken'),
    listTokens: read('listTokens'),
    revokeToken: once('revokeToken'),
    rotateToken: once('rotateToken'),
    createTicket: once('createTicket'),
    redeemTicket: once('redeemTicket'),
    verify: read('verify'),
    endedTokens: read('endedTokens'),
    findNamespace: read('findNamespace'),
    readAudit: read('readAudit'),
    beginAudit: once('beginAudit'),
    endAudit: once('endAudit'),
  };
}
