import type { DirectoryApi } from '../../model/directory-api';
import {
  type DirectoryAsked,
  type DirectoryMethod,
  type DirectoryResult,
  openDirectoryOutcome,
  sealDirectoryAsked,
} from './directory-envelope';
import { type RemoteCall, RemoteCalls, type RepeatTime } from './remote-call';

/** The directory's object as it is called. */
export type DirectoryStub = ReturnType<Env['DIRECTORY']['get']>;

/**
 * The directory that lives in a Durable Object, as surfaces see it.
 *
 * @param stub Makes a new stub for each try: one that has thrown stays broken.
 */
export function remoteDirectory(stub: () => DirectoryStub, time?: RepeatTime): DirectoryApi {
  const calls = new RemoteCalls(stub, time);
  const write = <M extends DirectoryMethod>(method: M) => {
    return (...asked: DirectoryAsked<M>): Promise<DirectoryResult<M>> => calls.once(calling(method, asked));
  };
  const read = <M extends DirectoryMethod>(method: M) => {
    return (...asked: DirectoryAsked<M>): Promise<DirectoryResult<M>> => calls.read(calling(method, asked));
  };
  return {
    createNamespace: write('createNamespace'),
    listNamespaces: read('listNamespaces'),
    readNamespace: read('readNamespace'),
    patchNamespace: write('patchNamespace'),
    removeNamespace: write('removeNamespace'),
    createToken: write('createToken'),
    listTokens: read('listTokens'),
    revokeToken: write('revokeToken'),
    rotateToken: write('rotateToken'),
    createTicket: write('createTicket'),
    redeemTicket: write('redeemTicket'),
    verify: read('verify'),
    endedTokens: read('endedTokens'),
    findNamespace: read('findNamespace'),
    readAudit: read('readAudit'),
    beginAudit: write('beginAudit'),
    endAudit: write('endAudit'),
  };
}

function calling<M extends DirectoryMethod>(
  method: M,
  asked: DirectoryAsked<M>,
): RemoteCall<DirectoryResult<M>, DirectoryStub> {
  const text = sealDirectoryAsked<M>(asked);
  return async (object): Promise<DirectoryResult<M>> => openDirectoryOutcome<M>(await object.call(method, text));
}
