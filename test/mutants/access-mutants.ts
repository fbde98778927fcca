import type { Mutant } from './mutant';

/** Who may do what, what is written down of it, and how much a namespace takes. */
export const ACCESS_MUTANTS: Mutant[] = [
  {
    name: 'uses the power of an operator without a word',
    breaks: 'A46',
    symbol: 'withPower',
    from: 'if (found !== undefined) return account(found);',
    to: 'if (found !== undefined) return act(caller);',
  },
  {
    name: 'keeps the power that was not accounted for',
    breaks: 'A46',
    symbol: 'withPower',
    from: 'act({ ...caller, operates: false, share: shareOf(caller) })',
    to: 'act(caller)',
  },
  {
    name: 'does what could not be accounted for',
    breaks: 'A46',
    symbol: 'accounted',
    from: 'const id = await begin(audit, note);',
    to: 'const id = await begin(audit, note).catch(() => 0);',
  },
  {
    name: 'accounts in batches for nothing but overrides',
    breaks: 'A46',
    symbol: 'takesPower',
    from: "return op === 'override' || isForeign(catalog, caller, key);",
    to: "return op === 'override';",
  },
  {
    name: 'lets frames overtake a batch that is accounted for',
    breaks: 'A46',
    symbol: 'SocketFrames.#batch',
    from: 'return takesTime ? this.#inOrder(connection, answered) : answered;',
    to: 'return answered;',
  },
  {
    name: 'lets any token acknowledge for a subscriber',
    breaks: 'A47',
    symbol: 'acknowledge',
    from: 'peer.connection.memory.caller.tokenId === tokenId',
    to: 'peer.connection.memory.caller.tokenId !== tokenId || true',
  },
  {
    name: 'takes what another token polls for the poll of a subscriber',
    breaks: 'A47',
    symbol: 'Pollers.note',
    from: 'const name = pollerName(subscriber, tokenId, service);',
    to: "const name = pollerName(subscriber, '', service);",
  },
  {
    name: 'asks again about tokens an interval after the directory was out of reach',
    breaks: 'A44',
    symbol: 'attendTokens',
    from: 'noteChecked(state, hub, due, clock + SOCKET_TOKENS_RETRY_MS - SOCKET_TOKENS_CHECK_INTERVAL_MS);',
    to: '',
  },
  {
    name: 'erases a namespace that is not empty',
    breaks: 'N13',
    symbol: 'Namespace.erase',
    from: 'if (onlyIfEmpty && state.catalog.instanceCount + state.catalog.serviceCount > 0) return false;',
    to: '',
  },
  {
    name: 'has a limit for all instances and for those of no token',
    breaks: 'N26',
    symbol: 'assertShare',
    from: 'if (held + more <= most) return;',
    to: 'return;',
  },
  {
    name: 'has no limit for services',
    breaks: 'N25',
    symbol: 'Draft.#makeRoomForService',
    from: 'if (services !== undefined && this.#catalog.serviceCount + this.#newServices.size >= services) {',
    to: 'if (services !== undefined && this.#catalog.serviceCount < 0) {',
  },
  {
    name: 'has no limit for the sockets of a token',
    breaks: 'A45',
    symbol: 'assertRoomForSocket',
    from: 'assertRoom(hub.connectionCountOf(tokenId), perToken.sockets, what);',
    to: 'assertRoom(0, perToken.sockets, what);',
  },
  {
    name: 'counts no call against a rate',
    breaks: 'N24',
    symbol: 'turn',
    from: 'state.rates.admit(tokenId, now);',
    to: '',
  },
  {
    name: 'takes a group for another that its pattern begins with',
    breaks: 'A50',
<<<<<<< HEAD
    file: '../model/grant.ts',
=======
    symbol: 'isGroup',
>>>>>>> tests
    from: 'return at === group.length && pattern.startsWith(group);',
    to: 'return pattern.startsWith(group);',
  },
  {
    name: 'joins a group that ends in @ like any other',
    breaks: 'A51',
<<<<<<< HEAD
    file: '../model/service-name.ts',
=======
    symbol: 'joinedName',
>>>>>>> tests
    from: 'group.endsWith(SEPARATOR_SIGN)',
    to: "group === ''",
  },
  {
    name: 'asks of a frame for no service that its registrations claim',
    breaks: 'A48',
    symbol: 'authorizeFrame',
    from: 'frame.operations, claimsOf)',
    to: 'frame.operations, () => [])',
  },
  {
    name: 'takes a grant on the own service for one on all that are claimed',
    breaks: 'A48',
    symbol: 'authorizeRegistration',
    from: 'service: claim.service }',
    to: 'service }',
  },
];
