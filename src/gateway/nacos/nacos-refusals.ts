import { RollcallError } from '../../client/wire/rollcall-error';
import { RegistryError, type RegistryErrorCode } from '../../model/errors';
import { registryError } from '../sources/remote-errors';

/** Codes of Nacos' answers over gRPC. Source: `NacosException` of Nacos 2.5.1. */
export const NacosCode = {
  success: 200,
  /** The connection has not introduced itself: clients connect again, and repeat all that they have registered. */
  unregistered: 301,
  /** There is no request of that type. */
  noHandler: 302,
  invalidParameter: 400,
  /** The token is missing, wrong, or not enough: clients log in again. */
  noRight: 403,
  serverError: 500,
  /** Too much of something: clients repeat it later. */
  overThreshold: 503,
} as const;

/** Codes of the registry that have a code of their own in Nacos; all others are its refusals of a parameter. */
const CODES: Partial<Record<RegistryErrorCode, number>> = {
  UNAUTHENTICATED: NacosCode.noRight,
  FORBIDDEN: NacosCode.noRight,
  LIMIT_EXCEEDED: NacosCode.overThreshold,
  UNAVAILABLE: NacosCode.serverError,
  DEADLINE_EXCEEDED: NacosCode.serverError,
  INTERNAL: NacosCode.serverError,
  NOT_CONFIGURED: NacosCode.serverError,
};

/** Codes of fuzzy watches are the only ones of their kind that clients know. */
const isFuzzyCode = (code: number | undefined): code is number => code !== undefined && code >= 50_000;

/** Reports whether an error is one of the registry, or of the way to it. */
export const isRefused = (error: unknown): boolean => error instanceof RegistryError || error instanceof RollcallError;

/** Returns an error as clients see it. */
export function refusalOf(error: unknown): { code: number; message: string } {
  if (!isRefused(error)) return { code: NacosCode.serverError, message: 'an unexpected error occurred' };
  const { code, message, details } = registryError(error);
  const { dialectCode } = details;
  return { code: isFuzzyCode(dialectCode) ? dialectCode : (CODES[code] ?? NacosCode.invalidParameter), message };
}

/** Returns the members that every answer has. */
export const successBody = (requestId: string) => ({
  resultCode: NacosCode.success,
  errorCode: 0,
  success: true,
  requestId,
});

/** Returns the body of an answer that refuses a request. */
export const errorBody = (requestId: string, errorCode: number, message: string): object => ({
  resultCode: NacosCode.serverError,
  errorCode,
  message,
  requestId,
  success: false,
});

/** Returns the error of a request without a token. */
export const missingToken = (): RegistryError =>
  new RegistryError(
    'UNAUTHENTICATED',
    'there is no access token; configure a user name, and a token of the registry as the password',
  );
