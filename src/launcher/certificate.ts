import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { LaunchError, systemErrorCode } from './launch-error';

/** Paths of a certificate and its key, in PEM. */
export interface CertificateFiles {
  /** The file contains the certificate itself first, then the intermediate ones. */
  certPath: string;
  keyPath: string;
}

/** A certificate that was checked together with its key. */
export interface Certificate extends CertificateFiles {
  /** The first certificate in the file: the registry's own. */
  leaf: X509Certificate;
}

/** Time before the expiry from which a start prints a warning. */
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
    const hint = pem.includes('PRIVATE KEY') ? ' It contains a private key: pass that with --tls-key.' : '';
    throw new LaunchError(`${path} contains no PEM certificate (-----BEGIN CERTIFICATE-----).${hint}`, 1, { cause });
  }
}

function parseKey(path: string, pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) {
    throw new LaunchError(
      `The key in ${path} is encrypted, and a restart can't ask for its passphrase. Give an unencrypted key.`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new LaunchError(`${path} contains no PEM private key (-----BEGIN PRIVATE KEY-----).`, 1, { cause });
  }
}

/**
 * Reads and checks a certificate and its key before anything starts, because the listener's own errors don't name the problem.
 *
 * @param say Prints a line to the terminal.
 * @param now Milliseconds since the epoch.
 * @throws {LaunchError} if a file can't be read or parsed, or if the key does not match the certificate.
 */
export function readCertificate(files: CertificateFiles, say: (line: string) => void, now: number): Certificate {
  const [certPath, keyPath] = [resolve(files.certPath), resolve(files.keyPath)];
  const leaf = parseLeaf(certPath, readPem(certPath, 'certificate'));
  const key = parseKey(keyPath, readPem(keyPath, 'key'));
  if (!leaf.checkPrivateKey(key)) {
    throw new LaunchError(
      `The key in ${keyPath} does not match the first certificate in ${certPath} (${leaf.subject.replaceAll('\n', ', ')}).`,
    );
  }
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (now < from) say(`The certificate in ${certPath} is not valid before ${leaf.validFrom}: clients will refuse it.`);
  if (now > to) say(`The certificate in ${certPath} expired on ${leaf.validTo}: clients will refuse it.`);
  else if (now > to - EXPIRY_NOTICE_MS) say(`The certificate in ${certPath} expires on ${leaf.validTo}.`);
  return { certPath, keyPath, leaf };
}

/** Returns the host for a registry's URL: the given one if the certificate covers it, else the certificate's first name. */
export function hostToCall(leaf: X509Certificate, host: string): string {
  const isForHost = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  if (isForHost !== undefined) return host;
  const names = leaf.subjectAltName?.match(/DNS:[^\s,*]+/g) ?? [];
  return names[0]?.slice('DNS:'.length) ?? host;
}
