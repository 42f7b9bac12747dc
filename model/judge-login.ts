import { finding, type Finding } from './finding';
import type { FindingCode } from './finding-codes';

/** A PostgreSQL server that did not let us in, or did not answer, as the driver says it. */
export interface RefusedLogin {
  /** SQLSTATE, or the socket's error code. */
  readonly code: string;
  /** Names users, databases and hosts; never a password. */
  readonly message: string;
}

/** The codes of a server by its role: the source, or a store. */
export interface LoginCodes {
  readonly url: FindingCode;
  readonly login: FindingCode;
  readonly unreachable: FindingCode;
}

/** What is wrong with a connection string, as far as the refusal tells. `variable` holds it. Pure. */
export function judgeLogin(
  { code, message }: RefusedLogin,
  { variable, address, codes }: { readonly variable: string; readonly address: string; readonly codes: LoginCodes },
): Finding {
  const where = `${variable} (${address})`;
  const what = `PostgreSQL says: ${message}.`;
  if (code === '28P01') return finding(codes.login, { where, what, cure: `Correct user or password in ${variable}.` });
  if (/client password must be a/.test(message)) {
    const asked = 'the server asks for a password, and the URL has none.';
    return finding(codes.login, { where, what: asked, cure: `Write it into ${variable}.` });
  }
  if (code.startsWith('28')) {
    const cure = `Correct the user in ${variable}, give it LOGIN, or let it in: see pg_hba.conf.`;
    return finding(codes.login, { where, what, cure });
  }
  if (code === '3D000') return finding(codes.url, { where, what, cure: `Correct the database in ${variable}.` });
  if (isAboutCertificate(`${code} ${message}`)) {
    const cure = `Add sslrootcert=FILE to ${variable}, with the certificate of who vouches for it, and name the server as it does.`;
    return finding(codes.url, { where, what: `its certificate is not accepted: ${message}.`, cure });
  }
  const cure = `Start the server, or correct host and port in ${variable}.`;
  return finding(codes.unreachable, { where, what: `it cannot be reached: ${message}.`, cure });
}

/** Node's codes of certificates that are unknown, expired, or another host's; also within a message. */
export function isAboutCertificate(text: string): boolean {
  return /\b(CERT_|[A-Z_]+_CERT(_|\b)|UNABLE_TO_VERIFY_|HOSTNAME_MISMATCH)/.test(text);
}

/** A connection string may name files, with certificates and keys. Says which cannot be read; null: the error is another one. */
export function unreadableFile(error: unknown): string | null {
  const { code, path } = error as { readonly code?: unknown; readonly path?: unknown };
  if (typeof code !== 'string' || typeof path !== 'string') return null;
  return `The file ${path}, which the URL names, cannot be read here (${code}). Correct the path, or who may read it.`;
}

/** Host and port of a connection string, which are no secret; what is no URL is not shown at all. */
export function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || 'no host' : 'not a URL';
}

/** A connection string that is no URL of PostgreSQL; null when it is one. */
export function judgePostgresUrl(url: string, variable: string, code: FindingCode): Finding | null {
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return null;
  return finding(code, {
    where: variable,
    what: 'its value is not a PostgreSQL URL.',
    cure: `Set ${variable} to postgres://user:password@host:port/database`,
  });
}
