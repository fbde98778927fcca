import * as audit from '../src/model/audit';
import { RecordCounts } from '../src/model/export-line';
import { Grant } from '../src/model/grant';
import * as namespace from '../src/model/namespace';
import { Stats } from '../src/model/stats';
import * as token from '../src/model/token';
import * as transfer from '../src/model/transfer';
import { NEXT, type WrittenFile } from './schema-declarations';

/** The same table as in client-types.ts, for the types that only `rollcall/client/admin` exports. */
export const ADMIN_FILES: Record<string, WrittenFile> = {
  'namespace-answers': {
    about: 'Requests and responses about namespaces.',
    types: {
      Placement: {
        schema: namespace.Placement,
        about: "Location of a namespace's object, chosen at creation.",
      },
      Retention: {
        schema: namespace.RetentionSettings,
        about: 'Amount of history that a namespace keeps. The bound that is reached first applies.',
      },
      NamespaceLimits: {
        schema: namespace.NamespaceLimits,
        about: 'Limits of a namespace that are lower than those of the registry.',
        notes: { perToken: 'The same limits for each token.' },
      },
      NamespaceIntervals: {
        schema: namespace.NamespaceIntervals,
        about: 'Intervals that the namespace configures in its clients, in milliseconds.',
      },
      Namespace: { schema: namespace.NamespaceView, about: 'A namespace with its settings.' },
      NamespaceList: { schema: namespace.NamespaceList, about: 'A page of namespaces.', notes: NEXT },
      NamespaceBody: { io: 'input', schema: namespace.NamespaceDefinition, about: 'Request for a new namespace.' },
      NamespacePatchBody: {
        io: 'input',
        schema: namespace.NamespacePatch,
        about: 'A change of a namespace: each given member is replaced as a whole; null removes it.',
      },
      Stats: {
        schema: Stats,
        about: 'Contents of a namespace, and counters of its work and cost since its process started.',
      },
    },
  },
  'access-answers': {
    about: 'Requests and responses about tokens and the audit trail.',
    types: {
      Grant: { schema: Grant, about: 'A permission of a token, and the namespace and services it applies to.' },
      Token: { schema: token.TokenView, about: 'A token, without its secret.' },
      OwnToken: { schema: token.OwnToken, about: 'The token that a request was sent with, without its secret.' },
      IssuedToken: {
        schema: token.IssuedToken,
        parts: ['Token'],
        about: 'A token with its secret, which is shown only in this response.',
      },
      TokenList: { schema: token.TokenList, about: 'A page of tokens, sorted by id.', notes: NEXT },
      TokenBody: { io: 'input', schema: token.TokenRequest, about: 'Request for a new token.' },
      Ticket: {
        schema: token.Ticket,
        about: 'A credential that replaces a token once, to open one socket or stream, or to be redeemed for a token.',
      },
      RedeemedToken: {
        schema: token.RedeemedToken,
        about:
          'A token of at most 12 hours that replaced a ticket, with its secret, which is shown only in this response.',
      },
      AuditAction: { schema: audit.AuditAction, about: 'An audited action.' },
      AuditEntry: {
        schema: audit.AuditEntry,
        about: 'An entry of the audit trail: actor, action, time and address.',
        notes: { actor: 'Id of the token.', outcome: '`begun`: the outcome is not known yet.' },
      },
      AuditTrail: { schema: audit.AuditTrail, about: 'A page of the audit trail, newest entry first.', notes: NEXT },
    },
  },
  'transfer-answers': {
    about: 'Responses to an export and an import.',
    types: {
      FileCounts: {
        schema: RecordCounts,
        about: 'Number of records of each kind, as the last line of a file counts them.',
      },
      ImportMode: {
        schema: transfer.ImportMode,
        about: 'Treatment of records that are not in the file: `merge` keeps them, `replace` removes them.',
      },
      ImportDifference: {
        schema: transfer.ImportDifference,
        about: 'A record that an import would add, change or remove.',
      },
      ImportProgress: { schema: transfer.ImportProgress, about: 'Progress of an import, in records.' },
      ImportDone: { schema: transfer.ImportDone, about: 'Result of an import, or of a dry run.' },
      TransferFailed: {
        schema: transfer.TransferFailed,
        about: 'A transfer that failed midway. An import that was already being applied continues in the background.',
      },
    },
  },
};
