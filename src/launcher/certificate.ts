import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { LaunchError, systemErrorCode } from './launch-error';

/** Where a certificate and its key lie, in PEM. */
export interface CertificateFiles {
  /** The certificate itself first, then those between it and its root. */
  certPath: string;
  keyPath: string;
}

/** A certificate that was checked together with its key. */
export interface Certificate extends CertificateFiles {
  /** The first in the file: the registry's own. */
  leaf: X509Certificate;
}

/** A few days: whoever starts a registry by hand should hear of it in time. */
const EXPIRY_NOTICE_MS = 7 * 24 * 60 * 60 * 1_000;

function readPem(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not read it',
      EISDIR: 'it is a folder',
    };
    const code = systemErrorCode(error) ?? 'unknown error';
    throw new LaunchError(`The ${what} ${path} can't be read: ${reasons[code] ?? code}.`, 1, { cause: error });
  }
}

function parseLeaf(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const hint = pem.includes('PRIVATE KEY') ? ' It holds a private key: that goes to --tls-key.' : '';
    throw new LaunchError(`${path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----).${hint}`, 1, { cause });
  }
}

function parseKey(path: string, pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) {
    throw new LaunchError(`The key in ${path} is encrypted, and nobody could give its passphrase at a restart.`);
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new LaunchError(`${path} holds no private key in PEM (-----BEGIN PRIVATE KEY-----).`, 1, { cause });
  }
}

/**
 * Reads and checks a certificate and its key before anything starts: the listener would only say that it can't use them.
 *
 * @param say Takes one line for the person at the terminal.
 * @param now Milliseconds since the epoch.
 * @throws {LaunchError} if a file can't be read, is not what it should be, or the two don't belong together.
 */
export function readCertificate(files: CertificateFiles, say: (line: string) => void, now: number): Certificate {
  const [certPath, keyPath] = [resolve(files.certPath), resolve(files.keyPath)];
  const leaf = parseLeaf(certPath, readPem(certPath, 'certificate'));
  const key = parseKey(keyPath, readPem(keyPath, 'key'));
  if (!leaf.checkPrivateKey(key)) {
    throw new LaunchError(
      `The key in ${keyPath} is not that of the first certificate in ${certPath} (${leaf.subject.replaceAll('\n', ', ')}).`,
    );
  }
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (now < from) say(`The certificate in ${certPath} is not good before ${leaf.validFrom}: clients will refuse it.`);
  if (now > to) say(`The certificate in ${certPath} was good until ${leaf.validTo}: clients will refuse it.`);
  else if (now > to - EXPIRY_NOTICE_MS) say(`The certificate in ${certPath} is good until ${leaf.validTo} only.`);
  return { certPath, keyPath, leaf };
}

/** The host to call a registry by that listens on an address: the address where the certificate is for it, else its first name. */
export function hostToCall(leaf: X509Certificate, host: string): string {
  const isForHost = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  if (isForHost !== undefined) return host;
  const names = leaf.subjectAltName?.match(/DNS:[^\s,*]+/g) ?? [];
  return names[0]?.slice('DNS:'.length) ?? host;
}
