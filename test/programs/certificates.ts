import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate authority for one test. */
export interface TestAuthority {
  /** Path of its certificate. */
  ca: string;
  /**
   * Issues a certificate for names such as `DNS:localhost,IP:127.0.0.1`. Returns the paths of the certificate and its key.
   */
  issue(file: string, names: string, days?: number): { certPath: string; keyPath: string };
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Creates an authority in a folder with openssl. */
export function testAuthority(folder: string): TestAuthority {
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const [ca, caKey] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  openssl('req', '-x509', ...CURVE, '-keyout', caKey, '-out', ca, '-subj', '/CN=Test authority', '-days', '2');
  return {
    ca,
    issue(file, names, days = 2) {
      const [certPath, keyPath] = [join(folder, `${file}.pem`), join(folder, `${file}.key`)];
      writeFileSync(join(folder, 'names.cnf'), `subjectAltName=${names}\n`);
      openssl('req', ...CURVE, '-keyout', keyPath, '-out', 'request.csr', '-subj', `/CN=${file}`);
      const issuer = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial'];
      openssl(
        'x509',
        '-req',
        '-in',
        'request.csr',
        ...issuer,
        '-out',
        certPath,
        '-days',
        `${days}`,
        '-extfile',
        'names.cnf',
      );
      return { certPath, keyPath };
    },
  };
}
