import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { testAuthority } from '../../test/programs/certificates';
import { temporaryFolderOfFile } from '../../test/programs/temporary-folder';
import { type CertificateFiles, hostToCall, readCertificate } from './certificate';
import type { LaunchError } from './launch-error';

const folder = temporaryFolderOfFile();
let good: CertificateFiles;
let other: CertificateFiles;

beforeAll(() => {
  const authority = testAuthority(folder);
  good = authority.issue('good', 'DNS:registry.internal,DNS:*.registry.internal,IP:127.0.0.1');
  other = authority.issue('other', 'DNS:*.example,DNS:other.example');
  writeFileSync(join(folder, 'text.pem'), 'no certificate');
  writeFileSync(
    join(folder, 'encrypted.key'),
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n',
  );
});

const at = (name: string) => join(folder, name);
const read = (files: CertificateFiles, now = Date.now()) => {
  const said: string[] = [];
  return { certificate: readCertificate(files, (line) => said.push(line), now), said };
};

describe('readCertificate', () => {
  it('[M10] accepts a certificate with its key, and warns when it ends soon or has ended', () => {
    const { certificate, said } = read(good);
    expect(certificate.leaf.subject).toBe('CN=good');
    expect(said).toEqual([expect.stringMatching(/good\.pem expires on .*\.$/)]);
    expect(read(good, Date.now() + 30 * 86_400_000).said[0]).toMatch(/expired on .*clients will refuse it/);
    expect(read(good, Date.now() - 86_400_000).said[0]).toMatch(/is not valid before .*clients will refuse it/);
  });

  it.each<[string, () => CertificateFiles, RegExp]>([
    [
      'an absent certificate',
      () => ({ ...good, certPath: at('none.pem') }),
      /certificate .*none\.pem can't be read: there is no such file/,
    ],
    [
      'an absent key',
      () => ({ ...good, keyPath: at('none.key') }),
      /key .*none\.key can't be read: there is no such file/,
    ],
    ['a folder', () => ({ ...good, certPath: folder }), /can't be read: it is a folder/],
    ['something else', () => ({ ...good, certPath: at('text.pem') }), /text\.pem contains no PEM certificate/],
    ['the two files swapped', () => ({ certPath: good.keyPath, keyPath: good.certPath }), /pass that with --tls-key/],
    ['a certificate as the key', () => ({ ...good, keyPath: good.certPath }), /good\.pem contains no PEM private key/],
    [
      'the key of another certificate',
      () => ({ ...good, keyPath: other.keyPath }),
      /does not match the first certificate .*CN=good/,
    ],
    ['an encrypted key', () => ({ ...good, keyPath: at('encrypted.key') }), /is encrypted/],
  ])('[M11] reports %s, and shows no key', (_, files, message) => {
    const given = files();
    expect(() => read(given)).toThrow(expect.objectContaining({ name: 'LaunchError' } satisfies Partial<LaunchError>));
    expect(() => read(given)).toThrow(message);
  });
});

describe('hostToCall', () => {
  it('[M10] is the address if the certificate covers it, otherwise its first name', () => {
    const [leaf, foreign] = [good, other].map(({ certPath }) => new X509Certificate(readFileSync(certPath)));
    if (leaf === undefined || foreign === undefined) throw new Error('there are two');
    expect(hostToCall(leaf, '127.0.0.1')).toBe('127.0.0.1');
    expect(hostToCall(leaf, 'a.registry.internal')).toBe('a.registry.internal');
    expect(hostToCall(leaf, '10.0.0.1')).toBe('registry.internal');
    expect(hostToCall(foreign, '127.0.0.1')).toBe('other.example');
  });
});
