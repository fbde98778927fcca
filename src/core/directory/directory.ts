import { authorize } from '../../auth/authorize';
import type { AuditEnd, AuditNote, AuditTrail } from '../../model/audit';
import type {
  DirectoryApi,
  DirectoryCaller,
  FirstNamespaces,
  NamespaceEntry,
  Page,
  VerifiedToken,
} from '../../model/directory-api';
import { ALARM_SPACING_MIN_MS, DIRECTORY_SLICE_MAX_COUNT } from '../../model/limits';
import type { NamespaceDefinition, NamespaceList, NamespacePatch, NamespaceView } from '../../model/namespace';
import { ALL_NAMESPACES } from '../../model/service-name';
import type {
  IssuedToken,
  OwnToken,
  RedeemedToken,
  Ticket,
  TokenList,
  TokenRequest,
  TokenRotation,
} from '../../model/token';
import { AuditLog } from './audit-log';
import { Courier } from './courier';
import type { DirectoryPlatform, DirectoryState } from './directory-state';
import { DurableSteps } from './durable-steps';
import { ErrandRows } from './errand-rows';
import { NamespaceRows } from './namespace-rows';
import { Namespaces } from './namespaces';
import { RedeemedRows } from './redeemed-rows';
import { RedeemedTokens } from './redeemed-tokens';
import { prepareDirectory } from './tables';
import { Tickets } from './tickets';
import { TicketRows, TokenRows } from './token-rows';
import { Tokens } from './tokens';

/**
 * An awake directory: every call is one or a few steps of {@link DurableSteps}. It depends on no platform: the host passes
 * one in, and calls {@link alarm} when the alarm fires.
 */
export class Directory implements DirectoryApi {
  readonly #state: DirectoryState;
  readonly #courier: Courier;
  readonly #namespaces: Namespaces;
  readonly #tokens: Tokens;
  readonly #tickets: Tickets;
  #alarmRanAt = Number.NEGATIVE_INFINITY;

  private constructor(platform: DirectoryPlatform) {
    const { storage } = platform;
    const steps = new DurableSteps(storage, {
      beforeSync: () => this.#arm(),
      writeFault: platform.writeFault,
      onFailure: (reason) => {
        platform.log('error', 'the directory could not be stored', { reason: String(reason) });
        platform.abort('the directory is ahead of the disk');
      },
    });
    this.#state = {
      platform,
      steps,
      namespaces: new NamespaceRows(storage),
      tokens: new TokenRows(storage),
      tickets: new TicketRows(storage),
      redeemed: new RedeemedRows(storage),
      audit: new AuditLog(storage),
      errands: new ErrandRows(storage),
    };
    this.#courier = new Courier(this.#state);
    this.#namespaces = new Namespaces(this.#state, this.#courier);
    const redeemed = new RedeemedTokens(this.#state);
    this.#tokens = new Tokens(this.#state, redeemed);
    this.#tickets = new Tickets(this.#state, this.#tokens, redeemed);
  }

  /** Loads the directory from its storage, or creates a new one. */
  static wake(platform: DirectoryPlatform): Directory {
    prepareDirectory(platform.storage);
    return new Directory(platform);
  }

  /**
   * Does the work that is due, and arms the next alarm. The host calls it when the alarm fires, and again later if it
   * throws. Calling it late, early or twice does no harm.
   *
   * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored.
   */
  async alarm(): Promise<void> {
    const { steps, audit, platform } = this.#state;
    this.#alarmRanAt = platform.clock.now();
    await this.#tokens.endDue(DIRECTORY_SLICE_MAX_COUNT);
    await this.#tickets.endDue(DIRECTORY_SLICE_MAX_COUNT);
    await this.#courier.deliverDue(DIRECTORY_SLICE_MAX_COUNT);
    // Last, as every change arms the alarm for the remaining work.
    await steps.change(() => audit.trim(platform.clock.now(), DIRECTORY_SLICE_MAX_COUNT));
  }

  createNamespace(
    caller: DirectoryCaller,
    definition: NamespaceDefinition,
  ): Promise<{ created: boolean; view: NamespaceView }> {
    return this.#namespaces.create(caller, definition);
  }

  listNamespaces(caller: DirectoryCaller, page: Page): Promise<NamespaceList> {
    return this.#namespaces.list(caller, page);
  }

  readNamespace(caller: DirectoryCaller, id: string): Promise<NamespaceView> {
    return this.#namespaces.read(caller, id);
  }

  patchNamespace(caller: DirectoryCaller, id: string, patch: NamespacePatch): Promise<NamespaceView> {
    return this.#namespaces.patch(caller, id, patch);
  }

  removeNamespace(caller: DirectoryCaller, id: string, force: boolean): Promise<void> {
    return this.#namespaces.remove(caller, id, force);
  }

  findNamespace(id: string): Promise<NamespaceEntry | null> {
    return this.#namespaces.find(id);
  }

  firstNamespaces(limit: number): Promise<FirstNamespaces> {
    return this.#namespaces.first(limit);
  }

  createToken(caller: DirectoryCaller, request: TokenRequest): Promise<IssuedToken> {
    return this.#tokens.create(caller, request);
  }

  readOwnToken(caller: DirectoryCaller): Promise<OwnToken> {
    return this.#tokens.readOwn(caller);
  }

  listTokens(caller: DirectoryCaller, page: Page): Promise<TokenList> {
    return this.#tokens.list(caller, page);
  }

  revokeToken(caller: DirectoryCaller, id: string): Promise<void> {
    return this.#tokens.revoke(caller, id);
  }

  rotateToken(caller: DirectoryCaller, id: string, rotation: TokenRotation): Promise<IssuedToken> {
    return this.#tokens.rotate(caller, id, rotation);
  }

  verify(tokenId: string, digest: string): Promise<VerifiedToken | null> {
    return this.#tokens.verify(tokenId, digest);
  }

  endedTokens(tokenIds: readonly string[]): Promise<string[]> {
    return this.#tokens.ended(tokenIds);
  }

  createTicket(caller: DirectoryCaller): Promise<Ticket> {
    return this.#tickets.create(caller);
  }

  redeemTicket(ticket: string): Promise<VerifiedToken | null> {
    return this.#tickets.redeem(ticket);
  }

  exchangeTicket(ticket: string, address?: string): Promise<RedeemedToken | null> {
    return this.#tickets.exchange(ticket, address);
  }

  readAudit({ principal }: DirectoryCaller, query: Page & { ns?: string | undefined }): Promise<AuditTrail> {
    return this.#state.steps.read(() => {
      authorize(principal, 'admin', { namespace: query.ns ?? ALL_NAMESPACES });
      return this.#state.audit.page(query);
    });
  }

  beginAudit(note: AuditNote): Promise<number> {
    const { steps, audit, platform } = this.#state;
    return steps.change(() => audit.add(note, 'begun', platform.clock.now()));
  }

  endAudit(id: number, end: AuditEnd): Promise<void> {
    return this.#state.steps.change(() => this.#state.audit.end(id, end));
  }

  /** Arms the alarm for the next work that is due, unless it is armed for that time or earlier. */
  #arm(): void {
    const { tokens, redeemed, errands, audit, platform } = this.#state;
    const due = [tokens.nextEnd, redeemed.nextEnd, errands.nextDue, audit.nextEnd].filter((at) => at !== undefined);
    if (due.length === 0) return;
    // A clock that was set back must not keep the alarm from running.
    const ranAt = Math.min(this.#alarmRanAt, platform.clock.now());
    const at = Math.max(Math.min(...due), ranAt + ALARM_SPACING_MIN_MS);
    const armedFor = platform.alarm.armedFor();
    if (armedFor === null || armedFor > at) platform.alarm.arm(at);
  }
}
